"""Tag rules of IAM (keys differ by more than case, 50 at most) and of EKS (no aws: prefix)."""

from .errors import ServiceError
from .validation import compile_pattern

TAGS_MAX = 50
CHARACTERS = compile_pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")


def merge_iam(existing, tags, limit_error):
    """Returns existing with tags merged in; a key equal but for case replaces the old one.

    Changes nothing of what it is given: IAM tags all or nothing.
    """
    lowered = [tag["Key"].lower() for tag in tags]
    if len(set(lowered)) != len(lowered):
        raise ServiceError("InvalidInput", "Duplicate tag keys found. Please note that Tag keys "
                           "are case insensitive.")
    for tag in tags:
        if tag["Key"].lower().startswith("aws:"):
            raise ServiceError("InvalidInput", "User defined tag keys can't start with 'aws:'")
    merged = {key: value for key, value in existing.items() if key.lower() not in lowered}
    merged.update((tag["Key"], tag["Value"]) for tag in tags)
    if len(merged) > TAGS_MAX:
        raise limit_error(f"Cannot exceed quota for TagsPerRole: {TAGS_MAX}")
    return merged


def remove_iam(existing, keys):
    lowered = {key.lower() for key in keys}
    return {key: value for key, value in existing.items() if key.lower() not in lowered}


def as_members(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def check_eks(tags, error_code="InvalidParameterException"):
    if len(tags) > TAGS_MAX:
        raise ServiceError(error_code, f"A resource may have at most {TAGS_MAX} tags")
    for key, value in tags.items():
        if key.lower().startswith("aws:") or value.lower().startswith("aws:"):
            raise ServiceError(error_code, "Tags with the prefix aws: are reserved")
        if not CHARACTERS.fullmatch(key) or not CHARACTERS.fullmatch(value):
            raise ServiceError(error_code, f"Tag {key} has characters that are not allowed")
