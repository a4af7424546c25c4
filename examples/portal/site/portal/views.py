"""The portal's page and its live logs."""

import time

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render

from portal import lines

POLL_SECONDS = 0.2


@login_required
def front(request):
    return render(request, "front.html")


@login_required
def initial(request):
    """What the page shows first: all lines so far, and from which line on it has to follow."""
    texts = lines.so_far(request.GET["type"], request.GET["id"])
    done = texts[-1:] == [lines.DONE]
    if done:
        texts.pop()
    return JsonResponse({"log": "\n".join(texts), "num": len(texts), "done": done})


@login_required
def logs(request):
    """The lines from `num` on, as they come."""
    kind, number = request.GET.get("type"), request.GET.get("id")
    events = follow(kind, number, int(request.GET.get("num", 0))) if kind and number else ended()
    return StreamingHttpResponse(events, content_type="text/event-stream",
                                 headers={"Cache-Control": "no-cache"})


def follow(kind, number, num):
    while True:
        text = lines.line(kind, number, num)
        if text is None:
            yield event("[NONE]")
            time.sleep(POLL_SECONDS)
            continue
        yield event(text)
        if text == lines.DONE:
            return
        num += 1


def ended():
    yield event(lines.DONE)


def event(text):
    return "".join(f"data: {line}\n" for line in text.split("\n")) + "\n"


def whoami(request):
    """Asked by Tailrace, with the cookies of its viewer."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    groups = request.user.groups.values_list("name", flat=True)
    return HttpResponse(headers={"Remote-User": request.user.username,
                                 "Remote-Groups": ",".join(groups)})
