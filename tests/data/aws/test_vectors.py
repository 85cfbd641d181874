"""The committed vectors are those that make_vectors.py writes with the pinned botocore."""

import make_vectors


def test_vectors_are_what_botocore_makes_today():
    assert make_vectors.stale() == []


def test_vectors_cover_every_service_and_partition():
    lines = make_vectors.vectors().splitlines()
    assert len(lines) >= 500
    scopes = {(vector["service"], vector["region"]) for vector in map(make_vectors.json.loads, lines)}
    wanted = {(service, make_vectors.resolve(service, region)[1])
              for service in make_vectors.MODELS for region in make_vectors.REGIONS}
    assert wanted <= scopes
