#include "lib/base/require.hpp"

int main() {
    return 0;
}
