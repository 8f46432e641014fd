"""The page of the paper's §7: it draws what ``w2v.stepper`` says, and computes nothing.

    command    ``w2v visualize``
    serve      a socket on loopback, and the browser that is sent there
    app        the routes: the page, and its data as JSON
    guard      hosts, origins, headers
    sessions   the walks that are at hand
    export     the page as one file
    assets     the files of page/
    page/      HTML, styles and modules, as the browser gets them

Needs the extra ``visualize``: Starlette, uvicorn and latex2mathml.
"""
