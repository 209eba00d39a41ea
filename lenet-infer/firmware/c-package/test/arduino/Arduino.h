// The part of Arduino.h that the examples use: a stand-in that prints through the debugger's channel.

#ifndef ARDUINO_H
#define ARDUINO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void setup();
void loop();

unsigned long millis();
unsigned long micros();

class SerialPort {
public:
    void begin(unsigned long) {}
    explicit operator bool() { return true; }
    void print(const char *text);
    void print(char character);
    void print(int number) { print(static_cast<long>(number)); }
    void print(unsigned number) { print(static_cast<unsigned long>(number)); }
    void print(long number);
    void print(unsigned long number) { print(static_cast<long>(number)); }
    void println() { print("\n"); }
    template <typename Value> void println(Value value) {
        print(value);
        println();
    }
};

extern SerialPort Serial;

#endif
