"""Reads one report mail with Python's own email, gzip and XML and prints its rows as JSON."""

import email
import email.policy
import gzip
import json
import sys
import xml.etree.ElementTree as ElementTree

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
text, report = message.iter_parts()
assert text.get_content_type() == "text/plain", text.get_content_type()
assert report.get_content_type() == "application/gzip", report.get_content_type()
defects = [part.defects for part in message.walk()] + [value.defects for value in message.values()]
root = ElementTree.fromstring(gzip.decompress(report.get_content()))
for element in root.iter():
    element.tag = element.tag.rpartition("}")[2]


def row_of(record):
    evaluated = record.find("row/policy_evaluated")
    return {
        "sourceIp": record.findtext("row/source_ip"),
        "count": int(record.findtext("row/count")),
        "disposition": evaluated.findtext("disposition"),
        "dkim": evaluated.findtext("dkim"),
        "spf": evaluated.findtext("spf"),
        "reasons": [f"{one.findtext('type')}: {one.findtext('comment')}" for one in evaluated.iter("reason")],
        "headerFrom": record.findtext("identifiers/header_from"),
        "signatures": len(record.findall("auth_results/dkim")),
        "spfResult": record.findtext("auth_results/spf/result"),
    }


print(
    json.dumps(
        {
            "defects": [str(one) for some in defects for one in some],
            "from": message["from"].addresses[0].addr_spec,
            "to": message["to"].addresses[0].addr_spec,
            "subject": message["subject"],
            "fileName": report.get_filename(),
            "reportId": root.findtext("report_metadata/report_id"),
            "begin": int(root.findtext("report_metadata/date_range/begin")),
            "end": int(root.findtext("report_metadata/date_range/end")),
            "domain": root.findtext("policy_published/domain"),
            "p": root.findtext("policy_published/p"),
            "rows": [row_of(record) for record in root.iter("record")],
        }
    )
)
