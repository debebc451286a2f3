/* The first program of a Linux in a virtual machine: makes the console carry bytes as they are, and
 * becomes the guest program.
 */
#include <termios.h>
#include <unistd.h>

int main(void) {
    struct termios console;
    if (tcgetattr(0, &console)) return 1;
    cfmakeraw(&console);
    if (tcsetattr(0, TCSANOW, &console)) return 2;
    execl("/guest", "/guest", (char *)0);
    return 3;
}
