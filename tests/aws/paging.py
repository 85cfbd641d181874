"""Pages of sorted keys, with opaque tokens that hold every character worth escaping."""

import base64
import binascii

# Decodes to bytes whose base64 is "++++////": a client that sends a token unescaped is caught.
PREFIX = b"\xfb\xef\xbe\xff\xff\xff"


def token_after(key):
    """A base64 token naming the last key of a page; always ends in "="."""
    payload = PREFIX + key.encode()
    while len(payload) % 3 == 0:
        payload += b" "
    return base64.b64encode(payload).decode()


def key_of(token):
    """The key inside, or None if the token is not one of ours."""
    try:
        payload = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not payload.startswith(PREFIX):
        return None
    return payload[len(PREFIX):].decode("utf-8", "replace").rstrip(" ")


def page(keys, after, size):
    """keys: any order. Returns (sorted keys of the page, token or None).

    A token names a key, not a position, so a key deleted meanwhile hides no other.
    """
    rest = sorted(key for key in keys if after is None or key > after)
    chosen = rest[:size]
    return chosen, token_after(chosen[-1]) if len(rest) > size else None
