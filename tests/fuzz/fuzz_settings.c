#include "tests/fuzz/fuzz.h"

#include "config/sources.h"

/* The settings file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = {0};
    struct error error = {0};
    char path[64];
    int file = fuzz_file(data, size, path, sizeof(path));

    if (!settings_file_put(path, &config, &error))
        assert(error.kind == ERROR_REFUSED);
    close(file);
    return 0;
}
