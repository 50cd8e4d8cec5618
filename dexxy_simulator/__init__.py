"""A GitHub to run against: for the demo, the tests and the benchmarks, on loopback only.

In a test:

    world = recorded_world(clock)
    with SimulatorServer(world) as server:
        ...  # point a client at server.url or server.graphql_url, with DEMO_TOKEN
        world.comment(issue, author, "Hello")
        assert server.requests.count("graphql") == 2

By itself: `python -m dexxy_simulator --live --port 8080`, in a process of a test's or benchmark's
own: `own_process.SimulatorProcess("--generated", "3000", "--rendered")`.

`model` holds what exists, `activity` what can happen, `world.World` both; `recorded`, `generated`
and, for the demo, `community` fill a world; `graph`, `rest`, `pages` and `site` show one;
`app` decides who may ask and what it costs, `credentials` who it is.
`webhooks` tells installed GitHub Apps what happens:

    app = world.register_app(owner, manifest)
    installation = world.install(app, account)
    world.comment(issue, author, "Hello")
    world.webhooks.deliver()  # by hand; `with Sender(world.webhooks):` does it by itself

On the pages the query `as=login` chooses who is signed in.

`dialects` says how it behaves where nobody knows how GitHub does, `faults` what goes wrong,
`silent` makes the changes that nothing tells of, `rendered` answers from memory.
"""
