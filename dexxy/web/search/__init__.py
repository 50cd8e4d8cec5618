"""Searching: the language of `q`, what it means for each list, and the field that pages show.

A page with a search field does three things:

1. `query = Query.parse(request.GET.get("q", ""), Where.THREADS)` (grammar.py). It never fails.
2. `thread_filters(query)`, `feed_filters`, `queue_filters(query, tab)` or `member_filters`
   (meaning.py) gives what the selector of the list takes. Each but the queue's takes a `base` of
   filters that hold beside it, such as those of a tab.
3. `search_box(request.GET, query, placeholder)` (box.py) goes into the context as `box`, and
   `{% include "web/components/search.html" %}` stands inside the page's own
   `<form class="filters" role="search">`, so that menus and buttons can stand beside it.

The text in the field is the whole search. With a script (search.js) each qualifier in it becomes a
chip that can be removed. In a row, `{% load search %}` gives

- `{% narrowed box "label" label %}`: the address of the same list with one more qualifier;
- `{{ thread.title|marked:marks }}` and `{% marked_excerpt message marks %}`: with what was found in
  `<mark>`, where the view puts `marks = pattern_of(query.words)` (marks.py) into the context.
"""
