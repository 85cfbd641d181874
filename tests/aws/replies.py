"""Results and errors as bytes, in the form each service answers: XML by the model, or JSON."""

import datetime
import json
from xml.sax.saxutils import escape

from .errors import code_for
from .wire import Reply

XML = "text/xml"
JSON = "application/json"


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return escape(str(value))


def _write(model, shape_name, name, value, out):
    shape = model.shapes[shape_name]
    kind = shape["type"]
    out.append(f"<{name}>")
    if kind == "structure":
        _members(model, shape, value, out)
    elif kind == "list":
        member = shape["member"]
        for part in value:
            _write(model, member["shape"], member.get("locationName", "member"), part, out)
    elif kind == "map":
        for key, part in value.items():
            out.append(f"<entry><key>{escape(key)}</key>")
            _write(model, shape["value"]["shape"], "value", part, out)
            out.append("</entry>")
    else:
        out.append(_text(value))
    out.append(f"</{name}>")


def _members(model, shape, value, out):
    members = shape["members"]
    unknown = set(value) - set(members)
    assert not unknown, f"the model has no {unknown}"
    for name, member in members.items():
        if value.get(name) is not None:
            _write(model, member["shape"], member.get("locationName", name), value[name], out)


def _query_result(model, operation, result, request_id):
    out = [f'<{operation}Response xmlns="{model.namespace}">']
    output = model.operations[operation].get("output")
    if output:
        out.append(f"<{operation}Result>")
        _members(model, model.shapes[output["shape"]], result or {}, out)
        out.append(f"</{operation}Result>")
    out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
               f"</{operation}Response>")
    return "".join(out).encode()


def _json_default(value):
    if isinstance(value, datetime.datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{type(value)} in a JSON answer")


def result(model, operation, value, request_id):
    if model.service == "eks":
        body = json.dumps(value or {}, default=_json_default).encode()
        return Reply(200, body, [("Content-Type", JSON), ("x-amzn-RequestId", request_id)])
    body = _query_result(model, operation, value, request_id)
    return Reply(200, body, [("Content-Type", XML), ("x-amzn-RequestId", request_id)])


def error(service, fault, request_id, headers=()):
    """fault: ServiceError or anything with code, message, status."""
    code = code_for(service, fault.code)
    if service == "eks":
        body = json.dumps({"message": fault.message, **getattr(fault, "fields", {})}).encode()
        kind = [("Content-Type", JSON), ("x-amzn-ErrorType", code)]
    else:
        version = "2011-06-15" if service == "sts" else "2010-05-08"
        kind_of_fault = "Receiver" if fault.status >= 500 else "Sender"
        body = (f'<ErrorResponse xmlns="https://{service}.amazonaws.com/doc/{version}/">\n'
                f"  <Error>\n    <Type>{kind_of_fault}</Type>\n    <Code>{escape(code)}</Code>\n"
                f"    <Message>{escape(fault.message)}</Message>\n  </Error>\n"
                f"  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n").encode()
        kind = [("Content-Type", XML)]
    return Reply(fault.status, body, kind + [("x-amzn-RequestId", request_id), *headers])


def plain(status, value):
    """The control API's answers."""
    body = json.dumps(value, default=str).encode()
    return Reply(status, body, [("Content-Type", JSON)])
