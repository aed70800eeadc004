/* SPDX-License-Identifier: Apache-2.0
 * The program.
 * cli: may include every room.
 */
#include "cli/command.h"
#include "cli/process.h"

int main(int argc, char **argv)
{
	process_harden();
	return cli_main(argc, argv);
}
