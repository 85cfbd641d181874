"""Do the properties see a fault? Plants one after the other in a copy of the tree and runs them.

Each fault is one line of product code said wrongly. `python3 tests/property/planted_faults.py`
prints a line per fault and fails if one is not caught, or if its line is not there any more.
With words as arguments it plants only the faults that have one of them in their description.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["base", "config", "net", "kube", "aws", "crds", "informers", "reconcilers", "controller",
           "cli", "tests/fake", "tests/property", "build"]
TESTS = ["build/release/tests/property/test_property",
         "build/release/tests/property/test_trust_statement",
         "build/release/tests/property/test_merging"]
# Most faults show among few documents; the rest gets as many as an ordinary run has.
DOCUMENTS = ("3000", "30000")

# file, what stands there, what is planted, what that means
FAULTS = [
    ("difference", "if (policy_only_denies(found->document))", "if (false)",
     "policies of others that only deny are deleted"),
    ("difference", "if (policy_only_denies(found->document))", "if (true)",
     "policies of others that allow are kept"),
    ("difference", "keys == TAG_KEYS_OF_IAM ? aws_tags_get_any_case : aws_tags_get;",
     "keys == TAG_KEYS_OF_IAM ? aws_tags_get : aws_tags_get;",
     "a tag is put and then removed under another case"),
    ("difference", '!text_starts(have->items[i].key, "aws:"))', "true)",
     "tags of AWS are removed"),
    ("difference", "if (!value || !text_equal(value, want->items[i].value))", "if (!value)",
     "a stale value of a tag stays"),
    ("difference", ".trust = !policy_equal(arena, want->trust, role->trust),", ".trust = false,",
     "a foreign trust stays"),
    ("difference", "if (!found || !policy_equal(arena, found->document, wanted->document))",
     "if (!found)", "an edited inline policy stays"),
    ("difference", "!text_equal(want->boundary_arn, role->boundary_arn)", "!role->boundary_arn",
     "another boundary stays"),
    ("difference", "want->max_session_s != role->max_session_s,", "false,",
     "another session duration stays"),
    ("difference", "have->attached_count, &difference->attached_count);",
     "want->attached_count, &difference->attached_count);",
     "the attached policies are counted by the wish"),
    ("difference", "difference->tags_put.count + difference->tags_removed_count +",
     "difference->tags_removed_count +", "missing tags are no difference"),
    ("difference", 'if (!text_starts(have->role.tags.items[i].key, "aws:"))', "if (true)",
     "the digest counts tags of AWS"),
    ("policy_canonical", "return json_is_string(value) ? lower_case(json_string_value(value)) : NULL;",
     "return canonical_text(value);", "the case of actions counts"),
    ("policy_canonical", "return canonical_list(arena, value, canonical_text);",
     "return canonical_list(arena, value, canonical_action);",
     "the case of resources does not count"),
    ("policy_canonical", 'json_object_set_new(tree, "Version", json_string(VERSION_ABSENT));',
     'json_object_set_new(tree, "Version", json_string("2012-10-17"));',
     "no Version is the new Version"),
    ("policy_canonical", "qsort(sorted, count, sizeof(*sorted), compare_sorted);", "(void)compare_sorted;",
     "the order of lists counts"),
    ("policy_canonical", 'if (strcmp(element, "Condition") == 0)\n        return json_is_object(value) &&',
     'if (strcmp(element, "Condition") == 0)\n        return json_is_object(value) ||',
     "conditions do not count"),
    ("policy_canonical", "if (i == 0 || strcmp(sorted[i].text, sorted[i - 1].text) != 0)",
     "if (i == 0 || strcmp(sorted[i].text, sorted[0].text) != 0)",
     "only the first of a list may be repeated"),
    ("policy_value", "pattern[p] == '?' ||", "", "? is no wildcard"),
    ("trust_conditions", '!pattern || strstr(pattern, "${")', "!pattern",
     "a variable is read as text"),
    ("trust_conditions", "return truth_of(operation->comparison->negated && operation->prefix != SET_ANY);",
     "return truth_of(operation->comparison->negated);",
     "ForAnyValue holds without any value"),
    ("trust_conditions", "if (operation->if_exists || operation->prefix == SET_ALL)",
     "if (operation->if_exists)", "ForAllValues fails without a value"),
    ("trust_conditions", "return comparison->negated ? truth_not(truth) : truth;", "return truth;",
     "negated operators are read as plain ones"),
    ("trust_compare", '{"StringEquals", compare_equal,', '{"StringEquals", compare_any_case,',
     "StringEquals takes any case"),
    ("trust_compare", '{"StringLike", compare_like,', '{"StringLike", compare_equal,',
     "StringLike knows no wildcards"),
    ("trust_judge", "enum truth denied = truth_and(applies, statement->denies);",
     "enum truth denied = TRUTH_NO;\n    (void)statement->denies;", "a Deny is not seen"),
    ("trust_judge", "if (assume.verdict == TRUST_REFUSES || !subject->session_tags)",
     "if (assume.verdict != TRUST_UNKNOWN)", "sts:TagSession is not asked for"),
    ("trust_judge", "return truth_and(truth, TRUTH_MAYBE);", "return truth;",
     "an Allow with NotPrincipal admits"),
    ("trust_judge", "policy_pattern_matches(pattern, action, true)",
     "policy_pattern_matches(pattern, action, false)", "the case of actions counts in a trust"),
    ("trust", "if (scope != TRUST_ACCOUNT)", "if (scope == TRUST_CLUSTER)",
     "our statement leaves out the cluster"),
    ("trust_merge", "if (!document->pieces[i].own)", "if (!document->pieces[i].own && i > 0)",
     "the first statement of others is lost in a merge"),
    ("trust_merge", 'return has_sid(statement, "PodIdentity", subject) || has_sid(statement, "WebIdentity", subject);',
     'return has_sid(statement, "PodIdentity", subject);',
     "web identity of before stays in a merge"),
    ("trust_merge", "return found && strcmp(found, sid) == 0;",
     "return found && strncmp(found, sid, 11) == 0;",
     "statements of other bindings are taken for ours"),
    ("trust_merge", "if (!then.pieces[i].own && !is_among(", "if (i > 0 && !then.pieces[i].own && !is_among(",
     "the first statement that was lost does not come back"),
    ("trust", '"aws:RequestTag/kubernetes-namespace", subject->namespace_name,',
     '"aws:RequestTag/kubernetes-namespace", "*",', "our statement leaves out the namespace"),
    ("trust", 'return strpbrk(value, "*?") ? "StringLike" : "StringEquals";',
     'return value ? "StringEquals" : "";', "a further condition knows no wildcards"),
    ("trust", 'return "ForAnyValue:StringLike";', 'return "ForAllValues:StringLike";',
     "a further condition on paths admits who has none"),
    ("trust", "*conditions = rest + length + (rest[length] == ',');", '*conditions = "";',
     "only the first of further conditions is written"),
]


def run(place, documents=DOCUMENTS[0]):
    """The property tests of the copy: (built, the worst answer, what they said)."""
    make = subprocess.run(["make", "-j2", *TESTS], cwd=place, capture_output=True, text=True,
                          check=False)
    if make.returncode:
        return False, make.returncode, make.stdout + make.stderr
    ended = [subprocess.run([test], cwd=place, env={**os.environ, "PROPERTY_DOCUMENTS": documents},
                            capture_output=True, text=True, check=False, timeout=600)
             for test in TESTS]
    answers = [one.returncode for one in ended]
    return (True, min(answers) if min(answers) < 0 else max(answers),
            "".join(one.stdout + one.stderr for one in ended))


def caught_by(said):
    """The properties that failed, by name."""
    marked = [line.split("]", 1)[1].strip() for line in said.splitlines()
              if line.startswith("[  FAILED  ]")]
    # Fewer documents than usual, because a property ended early, make fewer forms: no catch.
    return sorted({name for name in marked if " " not in name} - {"every_form_was_made"})


def plant(place, fault):
    """One sentence of what came of it, and whether that is well."""
    name, sound, faulty, _ = fault
    path = place / "reconcilers" / f"{name}.c"
    text = path.read_text()
    if text.count(sound) < 1:
        return False, "its line is not there any more"
    path.write_text(text.replace(sound, faulty, 1))
    for documents in DOCUMENTS:
        built, answer, said = run(place, documents)
        if not built or answer:
            break
    path.write_text(text)
    if not built:
        return False, "does not compile:\n" + said[-2000:]
    names = caught_by(said)
    if answer <= 0 or not names:
        return False, "NOT CAUGHT" if answer == 0 else f"ended with {answer}"
    return True, "caught by " + ", ".join(names)


def main():
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        place = pathlib.Path(folder)
        shutil.copy2(ROOT / "Makefile", place)
        for name in FOLDERS:
            if (ROOT / name).exists():
                shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns(
                    "clang", "fakes", "memcheck", "sanitize", "callgrind", "bin"))
        built, answer, said = run(place)
        if not built or answer:
            sys.exit("without a fault the properties do not hold:\n" + said[-4000:])
        words = sys.argv[1:] or [""]
        chosen = [fault for fault in FAULTS if any(word in fault[3] for word in words)]
        bad = 0
        for fault in chosen:
            good, what = plant(place, fault)
            bad += not good
            print(f"{'ok  ' if good else 'FAIL'} {fault[0]}.c: {fault[3]}: {what}", flush=True)
        print(f"{len(chosen) - bad} of {len(chosen)} faults caught")
        sys.exit(1 if bad or not chosen else 0)


if __name__ == "__main__":
    main()
