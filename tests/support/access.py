"""Users, tokens and sessions of a server under test."""

import json
import os
import subprocess
import urllib.parse

from support.api import Api
from support.server import binary_path

PASSWORD = "a password for tests"


def run_cli(server, *words, text="", sudo_user=None):
    """`tailrace WORDS --data …` beside the server. What it printed; an error if it failed."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("TAILRACE_") and name != "SUDO_USER"}
    if sudo_user is not None:
        environment["SUDO_USER"] = sudo_user
    done = subprocess.run([binary_path(), *words, "--data", server.data], input=text, check=False,
                          capture_output=True, text=True, env=environment, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stderr}")
    return done.stdout


def add_user(server, name, *groups, password=PASSWORD):
    words = [word for group in groups for word in ("--group", group)]
    run_cli(server, "user", "add", name, *words, text=password + "\n")


def create_token(server, name, may, *logs, expires=None):
    words = [word for log in logs for word in ("--logs", log)]
    words += ["--expires", expires] if expires else []
    return run_cli(server, "token", "create", name, "--may", may, *words).strip()


class As(Api):
    """The API with a credential on every request."""

    def __init__(self, port, headers, **more):
        super().__init__(port, **more)
        self.headers = headers

    async def request(self, method, path, headers=None, body=None):
        return await super().request(method, path, {**self.headers, **(headers or {})}, body)


def with_token(port, token):
    return As(port, {"Authorization": f"Bearer {token}"})


async def log_in(api, user, password=PASSWORD, headers=None):
    """The answer of a login by JSON."""
    return await api.request("POST", "/api/v1/login",
                             {"Content-Type": "application/json", **(headers or {})},
                             json.dumps({"user": user, "password": password}))


async def log_in_by_form(api, user, password=PASSWORD, headers=None, **more):
    body = urllib.parse.urlencode({"user": user, "password": password, **more})
    return await api.request("POST", "/api/v1/login",
                             {"Content-Type": "application/x-www-form-urlencoded",
                              **(headers or {})}, body)


def cookie_of(answer):
    """"name=value" of the cookie that an answer sets."""
    return answer.header("Set-Cookie").partition(";")[0]
