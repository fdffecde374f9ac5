// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kartsaz::verify {

/// What is left of a name when vowels, glides, h and doubled letters are taken out and letters that stand for
/// each other are made one: a coarse form in which a Persian name and its Latin form ought to be equal. For a
/// note, never for a verdict.
std::string consonants_of_latin(std::string_view name);
/// @param name  UTF-8, folded by record::fold_persian
std::string consonants_of_persian(std::string_view name);

}  // namespace kartsaz::verify
