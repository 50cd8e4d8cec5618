"""What an assistant can ask: tools of the Model Context Protocol, over the selectors of the pages.

Nothing outside of `dexxy mcp` imports this package: what it stands on takes a second to load.
"""
