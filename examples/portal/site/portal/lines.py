"""The lines of the deployments: documents {type, id, log} of the collection sse_logs, in the order
in which they were written. In this portal an id is a number. The last line is DONE."""

import functools

import pymongo
from django.conf import settings

DONE = "[DONE]"


@functools.cache
def collection():
    """One client for all threads of the process."""
    client = pymongo.MongoClient(settings.MONGODB)
    return client[settings.MONGODB_DATABASE]["sse_logs"]


def line(kind, number, place):
    """The text of one line, or None if it has not been written yet."""
    found = collection().find_one({"type": kind, "id": int(number)}, skip=place)
    return found and found["log"]


def so_far(kind, number):
    """The texts of all lines."""
    return [found["log"] for found in collection().find({"type": kind, "id": int(number)})]
