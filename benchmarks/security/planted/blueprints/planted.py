"""One example of each fault of a view that `rules.yml` looks for. Never imported."""

from flask import redirect, request, send_file


def plant(csrf, response):
    csrf.exempt(plant)
    response.set_cookie("kiosk", "1")
    print(request.host_url)
    send_file(request.args["file"])
    return redirect(request.args.get("next"))
