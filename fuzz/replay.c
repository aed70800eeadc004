/* SPDX-License-Identifier: Apache-2.0
 * Runs a fuzz target over every file of the folders named on the command line, without libFuzzer:
 * how ./test replays the corpus. Prints TAP, one line a folder.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return -1;
	uint8_t *data = NULL;
	size_t size = 0;
	char block[4096];
	for (size_t got; (got = fread(block, 1, sizeof(block), file)) > 0;) {
		uint8_t *more = realloc(data, size + got);
		if (!more)
			abort();
		data = more;
		for (size_t i = 0; i < got; i++)
			data[size + i] = (uint8_t)block[i];
		size += got;
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

static long replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return -1;
	long files = 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (replay_file(path) == 0)
			files++;
	}
	closedir(dir);
	return files;
}

int main(int argc, char **argv)
{
	int failed = 0;
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		long files = replay_folder(argv[i]);
		printf("%s %d - replays %ld files of %s\n", files > 0 ? "ok" : "not ok", i, files, argv[i]);
		failed |= files <= 0;
	}
	return failed;
}
