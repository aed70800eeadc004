/* SPDX-License-Identifier: Apache-2.0
 * Lines on stderr for the person who runs the program. Never called by core, wire or profile.
 * No secret is ever passed here: a token is named by its id.
 * base: may include nothing but the C library.
 */
#ifndef REMIT_BASE_LOG_H
#define REMIT_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* What is less important than this is not written. INFO at the start. */
void log_set_level(enum log_level level);

/* One line: time, level, text. Control characters in the text are escaped. Thread-safe; a line is
 * written whole. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
