#include "reconcilers/wellknown_parts.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/*
 * The assembler reads the files: #embed came with C23, and this works with every gcc and clang on
 * ELF. The Makefile says that the object depends on them.
 */
#define EMBED(name)                                                                                \
    __asm__(".section .rodata\n"                                                                   \
            ".globl wellknown_" #name "\n"                                                         \
            ".hidden wellknown_" #name "\n"                                                        \
            "wellknown_" #name ":\n"                                                               \
            ".incbin \"reconcilers/policies/" #name ".json\"\n"                                    \
            ".byte 0\n"                                                                            \
            ".previous\n");                                                                        \
    extern const char wellknown_##name[] __attribute__((visibility("hidden")))

EMBED(imageBuilder);
EMBED(autoScaler);
EMBED(awsLoadBalancerController);
EMBED(externalDNS);
EMBED(certManager);
EMBED(ebsCSIController);
EMBED(efsCSIController);
EMBED(ampAccess);
EMBED(appMesh);
EMBED(cloudWatchObservability);
EMBED(externalSecrets);
EMBED(fsxLustreCSI);
EMBED(gatewayAPIController);
EMBED(loadBalancerTargetGroupBinding);
EMBED(mountpointS3CSI);
EMBED(nodeTerminationHandler);
EMBED(pganalyze);
EMBED(privateCAIssuer);
EMBED(velero);
EMBED(vpcCNIIPv4);
EMBED(vpcCNIIPv6);

static const struct {
    const char *name, *bytes;
} files[] = {
    {"imageBuilder", wellknown_imageBuilder},
    {"autoScaler", wellknown_autoScaler},
    {"awsLoadBalancerController", wellknown_awsLoadBalancerController},
    {"externalDNS", wellknown_externalDNS},
    {"certManager", wellknown_certManager},
    {"ebsCSIController", wellknown_ebsCSIController},
    {"efsCSIController", wellknown_efsCSIController},
    {"ampAccess", wellknown_ampAccess},
    {"appMesh", wellknown_appMesh},
    {"cloudWatchObservability", wellknown_cloudWatchObservability},
    {"externalSecrets", wellknown_externalSecrets},
    {"fsxLustreCSI", wellknown_fsxLustreCSI},
    {"gatewayAPIController", wellknown_gatewayAPIController},
    {"loadBalancerTargetGroupBinding", wellknown_loadBalancerTargetGroupBinding},
    {"mountpointS3CSI", wellknown_mountpointS3CSI},
    {"nodeTerminationHandler", wellknown_nodeTerminationHandler},
    {"pganalyze", wellknown_pganalyze},
    {"privateCAIssuer", wellknown_privateCAIssuer},
    {"velero", wellknown_velero},
    {"vpcCNIIPv4", wellknown_vpcCNIIPv4},
    {"vpcCNIIPv6", wellknown_vpcCNIIPv6},
};

/* Parsed when first asked for and kept: most clusters use two or three of them. */
static json_t *parsed[COUNT(files)];

static json_t *parse(const char *bytes)
{
    struct error error = {0};
    json_t *file = json_parse_strict(bytes, strlen(bytes), &error);

    assert(json_is_object(file));
    return file;
}

const json_t *wellknown_file(const char *name)
{
    for (size_t i = 0; i < COUNT(files); i++)
        if (text_equal(files[i].name, name)) {
            if (!parsed[i])
                parsed[i] = parse(files[i].bytes);
            return parsed[i];
        }
    return NULL;
}
