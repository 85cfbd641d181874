#include "config/config.h"

#include <string.h>

#include "base/text.h"
#include "config/setting.h"

enum { HELP_SIZE = 8192, WIDTH = 90 };

static const char indent[] = "        ";

/* Breaks the sentence at spaces into lines that are not wider than WIDTH. */
static void add_wrapped(struct text *text, const char *sentence)
{
    size_t column = 0;

    while (*sentence) {
        size_t word = strcspn(sentence, " ");

        if (column + 1 + word > WIDTH) {
            text_add_char(text, '\n');
            column = 0;
        }
        text_add_string(text, column == 0 ? indent : " ");
        text_add(text, sentence, word);
        column += (column == 0 ? sizeof(indent) - 1 : 1) + word;
        sentence += word;
        sentence += strspn(sentence, " ");
    }
    text_add_char(text, '\n');
}

static void add_setting(struct text *text, const struct setting *setting)
{
    text_printf(text, "  --%s", setting->name);
    if (setting->form)
        text_printf(text, " %s", setting->form);
    if (setting->form && setting->fallback[0])
        text_printf(text, "  (%s)", setting->fallback);
    text_add_char(text, '\n');
    add_wrapped(text, setting->help);
}

const char *config_help(void)
{
    static char help[HELP_SIZE];
    AUTO_TEXT struct text text = TEXT_INIT(HELP_SIZE - 1);

    text_add_string(
        &text, "Usage: podidentity controller --cluster-name NAME [FLAG...]\n\n"
               "Each flag is also a variable and a key of the --config file: --iam-rate 5,\n"
               "PODIDENTITY_IAM_RATE=5, iam-rate: 5. The flag counts first, then the variable,\n"
               "then the file, then the default in parentheses.\n\n");
    for (size_t i = 0; i < settings_count; i++)
        add_setting(&text, &settings[i]);
    memcpy(help, text.bytes, text.length + 1);
    return help;
}
