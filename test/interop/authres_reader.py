"""Reads Authentication-Results with authres, the reader of SPF Engine and dkimpy.

Standard input: a JSON list of field bodies. Standard output: a JSON list, for each either
{"id", "version", "results"} or {"fault"}.
"""
import json
import sys

import authres


def read(text: str) -> dict:
    try:
        header = authres.AuthenticationResultsHeader.parse("Authentication-Results: " + text)
    except Exception as fault:
        return {"fault": f"{type(fault).__name__}: {fault}"}
    return {
        "id": header.authserv_id,
        "version": int(header.version or 1),
        "results": [
            {
                "method": one.method,
                "version": int(one.version or 1),
                "result": one.result,
                "properties": [[f"{prop.type}.{prop.name}".lower(), prop.value] for prop in one.properties],
            }
            # "none" after a result is an object of its own.
            for one in header.results
            if isinstance(one, authres.AuthenticationResult)
        ],
    }


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
