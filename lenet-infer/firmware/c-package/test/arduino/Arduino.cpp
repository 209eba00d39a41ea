// Runs a sketch on an emulated board: `setup`, then `loop` once.

#include "Arduino.h"

extern "C" {
#include "semihosting.h"
int main();
}

SerialPort Serial;

void SerialPort::print(const char *text) { ::print(text); }

void SerialPort::print(char character) {
    const char text[] = {character, '\0'};
    ::print(text);
}

void SerialPort::print(long number) { print_number(number); }

// There is no clock: time goes by when it is asked for.
static unsigned long now;
unsigned long millis() { return now++; }
unsigned long micros() { return now++; }

int main() {
    setup();
    loop();
    return 0;
}
