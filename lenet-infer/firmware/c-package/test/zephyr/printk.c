// Prints through the debugger's channel: the conversions %d and %s.

#include "semihosting.h"
#include <stdarg.h>
#include <zephyr/sys/printk.h>

void printk(const char *format, ...) {
    va_list values;
    va_start(values, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            const char text[] = {*format, '\0'};
            print(text);
        } else if (*++format == 's') {
            print(va_arg(values, const char *));
        } else if (*format == 'd') {
            print_number(va_arg(values, int));
        }
    }
    va_end(values);
}
