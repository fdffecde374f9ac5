// SPDX-License-Identifier: Apache-2.0
// Prints the development CSCA's certificate, for programs that are to trust it.
#include <iostream>

#include "keys/issuer.h"

int main() {
    std::cout << kartsaz::keys::development_csca_pem();
    return std::cout.flush() ? 0 : 1;
}
