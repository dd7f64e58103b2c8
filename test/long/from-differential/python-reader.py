"""Reads From bodies, one a line in base64, and answers each with the domains that Python's two readers of addresses see, as JSON."""
import base64
import email
import email.policy
import email.utils
import json
import sys


def parsed(message):
    """email.headerregistry: the parser of the modern policy, whose attributes a program reads."""
    try:
        return [one.domain for field in message.get_all("from", []) for one in field.addresses]
    except Exception:
        return []


def listed(message):
    """email.utils.getaddresses: what older programs call."""
    try:
        fields = [str(field) for field in message.get_all("from", [])]
        return [address.rpartition("@")[2] for _, address in email.utils.getaddresses(fields) if "@" in address]
    except Exception:
        return []


def message(octets, policy):
    """UTF-8 is decoded first: given octets, this library takes every character beyond ASCII for unknown."""
    try:
        return email.message_from_string(octets.decode("utf-8"), policy=policy)
    except UnicodeDecodeError:
        return email.message_from_bytes(octets, policy=policy)


for line in sys.stdin:
    octets = b"From: " + base64.b64decode(line) + b"\r\n\r\n"
    answer = {
        "python-headerregistry": parsed(message(octets, email.policy.default)),
        "python-utils": listed(message(octets, email.policy.compat32)),
    }
    print(json.dumps(answer), flush=True)
