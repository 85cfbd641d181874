#include "tests/fake/scenarios.h"

#include "base/memory.h"

#define TRUST                                                                                      \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":" \
    "\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]}]}"

#define EXISTING "arn:aws:iam::" FAKE_ACCOUNT ":role/app/cart-reader"

#define MANAGED(more)                                                                              \
    "{\"serviceAccountName\":\"cart\"," more                                                       \
    "\"roleDescription\":\"the cart\",\"tags\":{\"team\":\"blue\"},\"permissionPolicy\":{"         \
    "\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\"," \
    "\"Resource\":\"*\"}]},\"permissionPolicyARNs\":["                                             \
    "\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]}"
static const char managed[] = MANAGED("");
static const char observed[] = MANAGED("\"mode\":\"Observe\",");

/* Every field that may change, changed: one policy goes, another comes; a tag each way. */
static const char changed[] =
    "{\"serviceAccountName\":\"cart\",\"roleDescription\":\"the new cart\",\"maxSessionDuration\":"
    "7200,\"tags\":{\"stage\":\"live\"},\"permissionPolicyName\":\"cart\",\"permissionPolicy\":{"
    "\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:PutObject\","
    "\"Resource\":\"*\"}]},\"permissionPolicyARNs\":[\"arn:aws:iam::aws:policy/PowerUserAccess\"]}";

/* Two inline policies and one that is attached; the narrower one afterwards. */
static const char well_known[] =
    "{\"serviceAccountName\":\"cart\",\"permissionPolicy\":{\"Version\":\"2012-10-17\","
    "\"Statement\":[{"
    "\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}]},\"wellKnownPolicies\":{"
    "\"externalDNS\":true,\"imageBuilder\":true}}";
static const char well_known_narrowed[] =
    "{\"serviceAccountName\":\"cart\",\"wellKnownPolicies\":{\"externalDNS\":true},"
    "\"wellKnownPolicyScopes\":{\"externalDNS\":{\"hostedZoneARNs\":["
    "\"arn:aws:route53:::hostedzone/Z0123\"]}}}";

/* What the association says besides its role. */
#define TARGET(account) "\"targetRoleARN\":\"arn:aws:iam::" account ":role/there\""
#define NARROW_SESSION                                                                             \
    "\"disableSessionTags\":true,\"policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\","                \
    "\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":\\\"s3:GetObject\\\","         \
    "\\\"Resource\\\":\\\"*\\\"}}\""
static const char bare[] = "{\"serviceAccountName\":\"cart\"}";
static const char far[] = "{\"serviceAccountName\":\"cart\"," TARGET("210987654321") "}";
static const char far_narrow[] =
    "{\"serviceAccountName\":\"cart\"," TARGET("210987654321") "," NARROW_SESSION "}";
static const char farther[] = "{\"serviceAccountName\":\"cart\"," TARGET("310987654321") "}";
static const char existing_far[] = "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING
                                   "\"," TARGET("210987654321") "," NARROW_SESSION "}";

static const char with_account[] = "{\"serviceAccountName\":\"till\",\"createServiceAccount\":true,"
                                   "\"roleName\":\"till\"}";

static const char retained[] = "{\"serviceAccountName\":\"cart\",\"deletionPolicy\":\"Retain\"}";

static const char existing[] = "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\"}";

static const char adopting[] = "{\"serviceAccountName\":\"cart\",\"tags\":{\"team\":\"blue\","
                               "\"stage\":\"live\"},\"adoptionPolicy\":\"Adopt\"}";
static const char adopting_existing[] =
    "{\"serviceAccountName\":\"cart\",\"roleARN\":\"" EXISTING "\",\"adoptionPolicy\":\"Adopt\"}";

#define MANAGED_POLICY                                                                             \
    "\"permissionPolicy\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","       \
    "\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}]},\"permissionPolicyARNs\":["                 \
    "\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]"
#define ADOPTING_ROLE(more)                                                                        \
    "{\"serviceAccountName\":\"cart\",\"roleName\":\"till\",\"tags\":{\"stage\":\"live\"}"         \
    "," MANAGED_POLICY more ",\"adoptionPolicy\":\"Adopt\"}"
static const char adopting_role[] = ADOPTING_ROLE("");
static const char adopting_role_bare[] =
    "{\"serviceAccountName\":\"cart\",\"roleName\":\"till\",\"roleDescription\":\"ours\","
    "\"disableSessionTags\":true,\"adoptionPolicy\":\"Adopt\"}";
static const char adopting_former[] =
    "{\"serviceAccountName\":\"cart\",\"permissionPolicyARNs\":["
    "\"arn:aws:iam::aws:policy/PowerUserAccess\"],\"adoptionPolicy\":\"Adopt\"}";

static const char plain[] = "{\"serviceAccountName\":\"cart\"}";
static const char irsa[] = "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\"}";
static const char both[] = "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\"}";
static const char irsa_elsewhere[] =
    "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\",\"roleARN\":"
    "\"arn:aws:iam::210987654321:role/there\",\"irsa\":{\"tokenExpiration\":600}}";

static void bind_plain(struct fake_world *world)
{
    fake_world_bind(world, "cart", plain);
}

static void bind_irsa(struct fake_world *world)
{
    fake_world_bind(world, "cart", irsa);
}

static void bind_both(struct fake_world *world)
{
    fake_world_bind(world, "cart", both);
}

static void bind_irsa_elsewhere(struct fake_world *world)
{
    fake_world_bind(world, "cart", irsa_elsewhere);
}

static void allow_provider(struct fake_world *world)
{
    world->scene.settings.manage_oidc_provider = true;
}

static void have_irsa(struct fake_world *world)
{
    allow_provider(world);
    bind_irsa(world);
}

static void have_both(struct fake_world *world)
{
    allow_provider(world);
    bind_both(world);
}

/* Pods are watched, and none needs web identity. */
static void have_irsa_and_pods(struct fake_world *world)
{
    have_irsa(world);
    fake_world_watch_pods(world);
}

static void have_both_and_pods(struct fake_world *world)
{
    have_both(world);
    fake_world_watch_pods(world);
}

static void have_plain_and_provider(struct fake_world *world)
{
    allow_provider(world);
    bind_plain(world);
}

static void bind_managed(struct fake_world *world)
{
    fake_world_bind(world, "cart", managed);
}

static void observe(struct fake_world *world)
{
    fake_world_bind(world, "cart", observed);
}

static void bind_changed(struct fake_world *world)
{
    fake_world_bind(world, "cart", changed);
}

static void bind_well_known(struct fake_world *world)
{
    fake_world_bind(world, "cart", well_known);
}

static void bind_well_known_narrowed(struct fake_world *world)
{
    fake_world_bind(world, "cart", well_known_narrowed);
}

static void bind_bare(struct fake_world *world)
{
    fake_world_bind(world, "cart", bare);
}

static void bind_far(struct fake_world *world)
{
    fake_world_bind(world, "cart", far);
}

static void bind_far_narrow(struct fake_world *world)
{
    fake_world_bind(world, "cart", far_narrow);
}

static void bind_farther(struct fake_world *world)
{
    fake_world_bind(world, "cart", farther);
}

static void bind_existing_far(struct fake_world *world)
{
    fake_world_bind(world, "cart", existing_far);
}

static void bind_with_account(struct fake_world *world)
{
    fake_world_watch_pods(world);
    fake_world_bind(world, "cart", with_account);
}

static void bind_retained(struct fake_world *world)
{
    fake_world_bind(world, "cart", retained);
}

static void bind_existing(struct fake_world *world)
{
    fake_world_bind(world, "cart", existing);
}

static void bind_adopting(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting);
}

static void bind_adopting_existing(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting_existing);
}

/* Somebody else's association for cart, which may be written to once it is adopted. */
static void have_theirs(struct fake_world *world)
{
    struct fake_association *theirs;

    fake_aws_add_role(&world->aws, "/app/", "cart-reader", TRUST);
    fake_aws_add_role(&world->aws, "/app/", "theirs", TRUST);
    theirs = fake_aws_add_association(&world->aws, "shop", "cart",
                                      "arn:aws:iam::" FAKE_ACCOUNT ":role/app/theirs");
    theirs->foreign = false;
    fake_pairs_put(&theirs->tags, "team", "theirs");
    fake_world_sweep(world);
}

static void have_adopted(struct fake_world *world)
{
    have_theirs(world);
    bind_adopting(world);
}

static void bind_adopting_role(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting_role);
}

static void bind_adopting_role_bare(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting_role_bare);
}

static void bind_adopting_former(struct fake_world *world)
{
    fake_world_bind(world, "cart", adopting_former);
}

/* Somebody else's role under our path, which may be written to once it is adopted. */
static void have_their_role(struct fake_world *world)
{
    struct fake_role *theirs = fake_aws_add_role(
        &world->aws, FAKE_ROLE_PATH, "till",
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Sid\":\"Them\",\"Effect\":\"Allow\","
        "\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"},\"Action\":\"sts:AssumeRole\"}}");

    theirs->foreign = false;
    fake_pairs_put(&theirs->tags, "team", "theirs");
    fake_pairs_put(&theirs->attached, "arn:aws:iam::aws:policy/Theirs", "");
    world->aws.boundary_required = true;
}

static void have_their_role_and_association(struct fake_world *world)
{
    have_their_role(world);
    have_theirs(world);
}

static void have_adopted_role(struct fake_world *world)
{
    have_their_role(world);
    bind_adopting_role(world);
}

static void have_adopted_role_and_reader(struct fake_world *world)
{
    fake_aws_add_role(&world->aws, "/app/", "cart-reader", TRUST);
    have_adopted_role(world);
}

static void unbind(struct fake_world *world)
{
    fake_world_unbind(world, "cart");
}

static void make_role(struct fake_world *world)
{
    fake_aws_add_role(&world->aws, "/app/", "cart-reader", TRUST);
}

static void have_existing(struct fake_world *world)
{
    make_role(world);
    bind_existing(world);
}

static void have_existing_far(struct fake_world *world)
{
    make_role(world);
    bind_existing_far(world);
}

/* A stranger's role and association stand beside: none of them may be written to. */
static void have_managed(struct fake_world *world)
{
    make_role(world);
    fake_aws_add_association(&world->aws, "shop", "till", EXISTING);
    bind_managed(world);
}

/* Its finalizer was taken away by hand: what it made is still there, and so are its tags. */
static void have_left_over(struct fake_world *world, void (*bind)(struct fake_world *))
{
    make_role(world);
    bind(world);
    fake_world_settle(world);
    fake_kubernetes_patch(&world->kubernetes, podidentitybinding_resource.plural, "shop", "cart",
                          json_pack("{s:{s:[]}}", "metadata", "finalizers"));
    unbind(world);
}

static void left_over_existing(struct fake_world *world)
{
    have_left_over(world, bind_existing);
}

static void left_over_managed(struct fake_world *world)
{
    have_left_over(world, bind_managed);
}

/* Two roles of ours at once: the retired one goes with the binding. */
static void have_retired(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    bind_existing(world);
}

static void make_young(struct fake_world *world)
{
    world->aws.iam_settles_ms = 4000;
    world->aws.eks_settles_ms = 9000;
}

static void somebody_took_boundary(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    for (size_t i = 0; i < world->aws.role_count; i++)
        if (!world->aws.roles[i]->foreign)
            fake_text_set(&world->aws.roles[i]->boundary, NULL);
    world->aws.boundary_required = true;
}

static void withdraw(struct fake_world *world)
{
    fake_kubernetes_delete(&world->kubernetes, "podidentitygrants", "", "shop");
}

static void have_deletion_on_withdrawal(struct fake_world *world)
{
    world->scene.settings.delete_on_withdrawal = true;
    world->scene.settings.withdrawal_grace_ms = 5000;
    have_managed(world);
}

/* Somebody hung a policy on the role and took the boundary away, and the process is new. */
static void have_more_than_granted(struct fake_world *world)
{
    somebody_took_boundary(world);
    for (size_t i = 0; i < world->aws.role_count; i++)
        if (!world->aws.roles[i]->foreign)
            fake_pairs_put(&world->aws.roles[i]->attached, "arn:aws:iam::aws:policy/Extra", "");
    fake_world_restart(world);
}

/* A pod works with the role and does not end. */
static void have_pod(struct fake_world *world)
{
    have_managed(world);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
}

/* Pods are watched, and none works with the role. */
static void have_no_pod(struct fake_world *world)
{
    have_managed(world);
    fake_world_watch_pods(world);
}

/* They do not work where these run. */
static void have_fargate_pod(struct fake_world *world)
{
    make_role(world);
    fake_world_pod(world, 1, POD_NO_CREDENTIALS, POD_FARGATE);
}

static void have_pod_and_withdrawal(struct fake_world *world)
{
    have_deletion_on_withdrawal(world);
    fake_world_pod(world, 1, POD_CONTAINER_CREDENTIALS, 0);
}

static struct fake_role *our_role(struct fake_world *world)
{
    for (size_t i = 0; i < world->aws.role_count; i++)
        if (!world->aws.roles[i]->foreign)
            return world->aws.roles[i];
    return NULL;
}

/* Later, when the sweep's pages stand in the place of what we wrote ourselves. */
static void have_watched(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    world->wire.now_ms += 600000;
    fake_world_look(world);
}

/* Somebody edits all that hangs on our role, and a sweep shows it. */
static void edit_role(struct fake_world *world)
{
    struct fake_role *role = our_role(world);

    fake_pairs_put(&role->attached, "arn:aws:iam::aws:policy/AdministratorAccess", "");
    fake_pairs_put(&role->tags, "theirs", "yes");
    fake_pairs_remove(&role->policies, "Policy1");
    fake_text_set(&role->trust, TRUST);
    fake_text_set(&role->boundary, NULL);
    world->aws.boundary_required = true;
    world->wire.now_ms += 600000;
    fake_world_look(world);
}

/* Two sweeps miss it. */
static void look_twice(struct fake_world *world)
{
    for (int i = 0; i < 2; i++) {
        world->wire.now_ms += 600000;
        fake_world_look(world);
    }
}

static void delete_association(struct fake_world *world)
{
    fake_aws_drop_association(&world->aws, "shop", "cart");
    look_twice(world);
}

static void delete_role(struct fake_world *world)
{
    fake_aws_drop_role(&world->aws, our_role(world)->name);
    look_twice(world);
}

/* Mode Observe */

static void have_observed(struct fake_world *world)
{
    make_role(world);
    observe(world);
}

static void have_managed_and_observed(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    observe(world);
}

static void observe_bare(struct fake_world *world)
{
    fake_world_bind(world, "cart", "{\"serviceAccountName\":\"cart\",\"mode\":\"Observe\"}");
}

static void observe_adopting_role(struct fake_world *world)
{
    fake_world_bind(world, "cart", ADOPTING_ROLE(",\"mode\":\"Observe\""));
}

static void have_changed(struct fake_world *world)
{
    make_role(world);
    bind_changed(world);
}

/* The shorthand */

#define OTHER "arn:aws:iam::" FAKE_ACCOUNT ":role/app/other"

static void annotate(struct fake_world *world)
{
    fake_world_annotate(world, EXISTING);
}

static void have_annotated(struct fake_world *world)
{
    make_role(world);
    fake_aws_add_role(&world->aws, "/app/", "other", TRUST);
    annotate(world);
}

static void annotate_other(struct fake_world *world)
{
    fake_world_annotate(world, OTHER);
}

static void remove_annotation(struct fake_world *world)
{
    fake_world_annotate(world, NULL);
}

static void delete_service_account(struct fake_world *world)
{
    fake_kubernetes_delete(&world->kubernetes, "serviceaccounts", "shop", "cart");
}

static void make_service_account_anew(struct fake_world *world)
{
    delete_service_account(world);
    annotate(world);
}

static void bind_as_a_person(struct fake_world *world)
{
    fake_world_bind(world, "mine", existing);
}

static void bind_other_as_a_person(struct fake_world *world)
{
    fake_world_bind(world, "mine", managed);
}

/* The elder of two bindings goes, and the younger, which waited, has its association. */
static void have_elder(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    world->wire.now_ms += 5000;
    bind_as_a_person(world);
}

static void have_elder_of_the_same_role(struct fake_world *world)
{
    have_managed(world);
    fake_world_settle(world);
    world->wire.now_ms += 5000;
    fake_world_bind(world, "mine", changed);
}

const struct scenario scenarios[] = {
    {"create a managed role with two policies", make_role, bind_managed, 0, "True Ready", true},
    {"create on a slow IAM and a slower EKS", make_young, bind_managed, 0, "True Ready", false},
    {"create on an existing role", make_role, bind_existing, 0, "True Ready", true},
    {"update every field that may change", have_managed, bind_changed, 0, "True Ready", false},
    {"create with well-known policies", make_role, bind_well_known, 0, "True Ready", false},
    {"narrow well-known policies", bind_well_known, bind_well_known_narrowed, 0, "True Ready",
     false},
    {"create with a target role and a session policy", make_role, bind_far_narrow, 0, "True Ready",
     false},
    {"session tags off", bind_far, bind_far_narrow, 0, "True Ready", false},
    {"session tags on again", bind_far_narrow, bind_far, 0, "True Ready", false},
    {"another target role", bind_far, bind_farther, 0, "True Ready", false},
    {"no target role any more", bind_far_narrow, bind_bare, 0, "True Ready", false},
    {"a target role on an existing role", have_existing, bind_existing_far, 0, "True Ready", false},
    {"from an existing role to one with session tags", have_existing_far, bind_far, 0, "True Ready",
     false},
    {"create with a ServiceAccount", make_role, bind_with_account, 0, "True Ready", false},
    {"delete with a ServiceAccount", bind_with_account, unbind, 0, "", false},
    {"delete and retain the role", bind_retained, unbind, 0, "", false},
    {"update a role whose boundary is gone", somebody_took_boundary, bind_changed, 0, "True Ready",
     false},
    {"roleARN to managed", have_existing, bind_managed, 0, "True Ready", false},
    {"managed to roleARN", have_managed, bind_existing, 0, "True Ready", false},
    {"managed to roleARN and 7 hours on", have_managed, bind_existing, 7 * 60 * 60 * 1000,
     "True Ready", false},
    {"and back to managed", have_retired, bind_managed, 0, "True Ready", false},
    {"delete a managed role", have_managed, unbind, 0, "", true},
    {"delete a role whose boundary is gone", somebody_took_boundary, unbind, 0, "", false},
    {"delete with a retired role", have_retired, unbind, 0, "", false},
    {"delete a role that a pod works with", have_pod, unbind, 0, "", false},
    {"leave a role that no pod works with", have_no_pod, bind_existing, 0, "True Ready", false},
    {"create for pods on Fargate", have_fargate_pod, bind_managed, 0, "False ComputeWithoutAgent",
     false},
    {"delete on an existing role", have_existing, unbind, 0, "", true},
    {"repair what somebody did to a role", have_watched, edit_role, 0, "True Ready", false},
    {"repair a deleted association", have_watched, delete_association, 0, "True Ready", true},
    {"repair a deleted role", have_watched, delete_role, 0, "True Ready", false},
    {"association of a former binding", left_over_existing, bind_existing, 0, "True Ready", true},
    {"withdrawal under a pod", have_pod_and_withdrawal, withdraw, 0, "False NotGranted", false},
    {"withdrawal that deletes after the grace", have_deletion_on_withdrawal, withdraw, 0,
     "False NotGranted", false},
    {"withdrawal that narrows", have_more_than_granted, withdraw, 0, "False NotGranted", false},
    {"annotate a ServiceAccount", make_role, annotate, 0, "True Ready", true},
    {"annotate it with another role", have_annotated, annotate_other, 0, "True Ready", false},
    {"remove the annotation", have_annotated, remove_annotation, 0, "", true},
    {"delete the ServiceAccount", have_annotated, delete_service_account, 0, "", false},
    {"make the ServiceAccount anew", have_annotated, make_service_account_anew, 0, "True Ready",
     false},
    {"hand over from the annotation to a person", have_annotated, bind_as_a_person, 0,
     "False Conflict", false},
    {"hand over to a person with a role of ours", have_annotated, bind_other_as_a_person, 0,
     "False Conflict", false},
    {"hand over to a younger binding", have_elder, unbind, 0, "", false},
    {"hand over to a younger binding with the same role", have_elder_of_the_same_role, unbind, 0,
     "", false},
    {"create for web identity, with its provider", allow_provider, bind_irsa, 0, "True Ready",
     true},
    {"create for both", allow_provider, bind_both, 0, "True Ready", true},
    {"create for a role of another account", NULL, bind_irsa_elsewhere, 0, "Unknown TrustUnknown",
     true},
    {"Pod Identity to IRSA", have_plain_and_provider, bind_irsa, 0, "True Ready", false},
    {"Pod Identity to both", have_plain_and_provider, bind_both, 0, "True Ready", false},
    {"IRSA to Pod Identity", have_irsa_and_pods, bind_plain, 0, "True Ready", false},
    {"IRSA to Pod Identity, pods not watched", have_irsa, bind_plain, 0, "True Ready", false},
    {"IRSA to Pod Identity, pods not watched, and 7 hours on", have_irsa, bind_plain,
     7 * 60 * 60 * 1000, "True Ready", false},
    {"IRSA to both", have_irsa, bind_both, 0, "True Ready", false},
    {"both to IRSA", have_both, bind_irsa, 0, "True Ready", false},
    {"both to Pod Identity", have_both_and_pods, bind_plain, 0, "True Ready", false},
    {"delete with web identity", have_irsa, unbind, 0, "", true},
    {"delete with both", have_both, unbind, 0, "", false},
    {"adopt an association, with a role of ours", have_theirs, bind_adopting, 0, "True Ready",
     false},
    {"adopt an association, with an existing role", have_theirs, bind_adopting_existing, 0,
     "True Ready", true},
    {"another spec for an adopted association", have_adopted, bind_adopting_existing, 0,
     "True Ready", false},
    {"let an adopted association go", have_adopted, unbind, 0, "", true},
    {"adopt a role", have_their_role, bind_adopting_role, 0, "True Ready", false},
    {"adopt a role and an association", have_their_role_and_association, bind_adopting_role, 0,
     "True Ready", false},
    {"adopt the role of a former binding", left_over_managed, bind_adopting_former, 0, "True Ready",
     false},
    {"another spec for an adopted role", have_adopted_role, bind_adopting_role_bare, 0,
     "True Ready", false},
    {"leave an adopted role", have_adopted_role_and_reader, bind_existing, 0, "True Ready", false},
    {"let an adopted role go", have_adopted_role, unbind, 0, "", true},
    {"association and role of a former binding", left_over_managed, bind_managed, 0,
     "False RoleOfFormerBinding", false},
    {"observe what is not there", make_role, observe, 0, "False ChangesPending", true},
    {"observe what is there", have_managed, observe, 0, "True Observed", false},
    {"observe what is otherwise", have_changed, observe, 0, "False ChangesPending", false},
    {"observe another mechanism", have_both, observe_bare, 0, "False ChangesPending", true},
    {"observe what would be adopted", have_their_role_and_association, observe_adopting_role, 0,
     "False ChangesPending", false},
    {"observe what was adopted", have_adopted_role, observe_adopting_role, 0, "True Observed",
     false},
    {"observe, and enforce", have_observed, bind_managed, 0, "True Ready", false},
    {"enforce, observe, and enforce", have_managed_and_observed, bind_changed, 0, "True Ready",
     false},
    {"delete what is only observed", have_managed_and_observed, unbind, 0, "", true},
};
const size_t scenario_count = COUNT(scenarios);
