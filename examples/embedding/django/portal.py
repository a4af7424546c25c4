#!/usr/bin/env python3
"""A Django portal with one page: the log of a deployment.  TAILRACE_URL=… portal.py runserver"""

import os
import pathlib
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.shortcuts import render
from django.urls import path

settings.configure(
    DEBUG=True,
    SECRET_KEY="only for this example",
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    TAILRACE_URL=os.environ.get("TAILRACE_URL", "http://127.0.0.1:8080"),
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [pathlib.Path(__file__).parent / "templates"],
    }],
)


def deployment(request, number):
    context = {"number": number, "tailrace_url": settings.TAILRACE_URL}
    return render(request, "deployment.html", context)


urlpatterns = [path("deployments/<str:number>/", deployment)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
