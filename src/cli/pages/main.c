/* SPDX-License-Identifier: Apache-2.0
 * Run while building: writes the man page or a shell's completion, out of the table of commands.
 * cli: may include every room.
 */
#include "cli/pages/pages.h"

#include <string.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*write)(FILE *out);
	} pages[] = {
		{ "man", page_man }, { "bash", page_bash }, { "zsh", page_zsh }, { "fish", page_fish },
	};
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (argc == 2 && strcmp(argv[1], pages[i].name) == 0) {
			pages[i].write(stdout);
			return fflush(stdout) == 0 ? 0 : 1;
		}
	fputs("usage: remit-pages man|bash|zsh|fish\n", stderr);
	return 2;
}
