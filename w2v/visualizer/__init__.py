"""The page of the paper's §7: it draws what ``w2v.stepper`` computes.

    command    ``w2v visualize``
    serve      the running server
    app        the routes: the page, and its data as JSON
    security   hosts, origins, headers
    sessions   the steppers that the server keeps
    export     the page as one file, or in a notebook
    assets     the files of page/
    page/      HTML, styles and modules

Needs the extra ``visualize``: Starlette, uvicorn, cachetools and latex2mathml.
"""
