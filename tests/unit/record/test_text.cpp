// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/record/text.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using namespace kartsaz::record;

TEST_CASE("the normalization vectors hold, and each change is told", "[record]") {
    int count = 0;
    for (const auto& vector : test::vectors("iran", "text-normalisation")) {
        const auto normalized = normalize_persian(to_text(vector.bytes("utf8_input")));
        CHECK(normalized.text == to_text(vector.bytes("utf8_output")));
        CHECK(normalized.changes ==
              std::vector<std::string>{
                  "ARABIC LETTER YEH (U+064A) at 3 became ARABIC LETTER FARSI YEH (U+06CC)",
                  "ARABIC LETTER KAF (U+0643) at 5 became ARABIC LETTER KEHEH (U+06A9)",
                  "ARABIC LETTER YEH (U+064A) at 9 became ARABIC LETTER FARSI YEH (U+06CC)"});
        ++count;
    }
    CHECK(count >= 1);
}

TEST_CASE("each letter of the table takes its Persian form", "[record]") {
    struct Row {
        const char* before;
        const char* after;
        std::size_t changes;
    };
    const Row rows[] = {
        {"\u0649", "\u06CC", 1},              // alef maksura
        {"\u06AA", "\u06A9", 1},              // swash kaf
        {"\u06D5", "\u0647", 1},              // ae
        {"\u06C1", "\u0647", 1},              // heh goal
        {"\u06C0", "\u0647\u0654", 1},        // heh with yeh above
        {"\u06D5\u0654", "\u0647\u0654", 2},  // composes to U+06C0 first
        {"\u0647\u0654", "\u0647\u0654", 0},
        {"\u0627\u0653", "\u0622", 1},  // alef and madda
        {"\u064A\u0654", "\u0626", 1},  // yeh and hamza
        {"\u06CC\u0654", "\u0626", 1},  // Farsi yeh and hamza, which Unicode does not compose
        {"\u0629", "\u0629", 0},        // teh marbuta is a letter of its own
        {"\uFEFB", "\u0644\u0627", 1},  // lam-alef ligature
        {"\uFB56", "\u067E", 1},        // peh, isolated form
        {"\uFDF2", "\u0627\u0644\u0644\u0647", 1},
        {"\u0661\u0664", "\u06F1\u06F4", 2},  // Arabic-Indic digits on display
        {"\u06F1", "\u06F1", 0},
        {"\u0645\u06CC\u200C\u062E", "\u0645\u06CC\u200C\u062E", 0},  // ZWNJ stays
        {"\u0645\u200D", "\u0645", 1},
        {"\uFEFF\u0645", "\u0645", 1},
        {"\u200E\u0645\u200F\u202A\u202E\u2066\u2069\u061C", "\u0645", 7},
    };
    for (const auto& row : rows) {
        const auto normalized = normalize_persian(row.before);
        INFO(row.before);
        CHECK(normalized.text == row.after);
        CHECK(normalized.changes.size() == row.changes);
        CHECK(normalize_persian(normalized.text).changes.empty());
    }
}

TEST_CASE("digits become ASCII in machine fields only", "[record]") {
    CHECK(normalize_persian("۰۱۲٣٤٥6789", true).text == "0123456789");
    CHECK(normalize_persian("۰۱۲٣٤٥6789", true).changes.size() == 6);
    CHECK(normalize_persian("۰۱۲٣٤٥6789").text == "۰۱۲۳۴۵6789");
}

TEST_CASE("blanks are collapsed, and each change is told", "[record]") {
    const auto normalized = normalize_persian("  a \t\u00A0b\nc ");
    CHECK(normalized.text == "a b c");
    CHECK(normalized.changes.size() == 6);
    CHECK(normalize_persian("a b c").changes.empty());
    CHECK(normalize_persian("").text.empty());
    CHECK(normalize_persian(" ").text.empty());
}

TEST_CASE("text that is not UTF-8 is refused with the byte", "[record]") {
    for (const char* bad : {"ab\xFF", "ab\xD8", "ab\xC0\x80", "ab\xED\xA0\x80", "ab\xF5\x80\x80\x80"}) {
        CHECK_THROWS_WITH(normalize_persian(bad), "not UTF-8 at byte 2");
        CHECK_THROWS_AS(transliterate_name(bad), Error);
        CHECK_THROWS_AS(fold_persian(bad), Error);
    }
}

TEST_CASE("names that people write differently fold to the same form", "[record]") {
    CHECK(fold_persian("علي") == fold_persian("علی"));
    CHECK(fold_persian("كاظمي") == fold_persian("کاظمی"));
    CHECK(fold_persian("علی\u200Cرضا") == fold_persian("علیرضا"));
    CHECK(fold_persian("محـــمّد") == fold_persian("محمد"));
    CHECK(fold_persian("آرا") == fold_persian("ارا"));
    CHECK(fold_persian("رحمة") == fold_persian("رحمه"));
    CHECK(fold_persian("مؤمن") == fold_persian("مومن"));
    CHECK(fold_persian("خانهٔ") == fold_persian("خانه"));
    CHECK(fold_persian("Sara ۱۲") == fold_persian("SARA 12"));
    CHECK(fold_persian("علی") != fold_persian("ولی"));
}

TEST_CASE("the transliteration vectors hold", "[record]") {
    int count = 0;
    for (const auto& vector : test::vectors("iran", "icao-transliteration")) {
        INFO(vector.id());
        std::string latin =
            transliterate_name(vector.text(vector.has("arabic_text") ? "arabic_text" : "persian_text"));
        std::replace(latin.begin(), latin.end(), ' ', '<');
        CHECK(latin == vector.text("mrz_text"));
        ++count;
    }
    CHECK(count >= 8);
}

TEST_CASE("each letter of ICAO's table has its Latin form", "[record]") {
    const std::pair<const char*, const char*> rows[] = {
        {"ءآأؤإئ", "XEXAAXAEUIXI"},
        {"ابتثجحخ", "ABTXTHJXHXKH"},
        {"دذرزسشصضطظعغ", "DXDHRZSXSHXSSXDZXTTXZZEG"},
        {"فقكلمنهو", "FQKLMNHW"},
        {"ىي", "XAYY"},
        {"ٱپچژکگۀی", "XXAPXCXJXKKXGGXYHXYA"},
        {"\u0679\u067C\u0681\u0685\u0688\u0689\u0691\u0693\u0696\u069A", "XXTXRTXKEXXHXXDXDRXXRXRRXRXXXS"},
        {"\u06AB\u06AD\u06BA\u06BC\u06BE\u06C1\u06C2\u06C3\u06CD\u06D0\u06D2\u06D3",
         "XXKXNGXNNXXNXDOXXGXGEXTGXXYYXYBXBE"},
    };
    for (const auto& [letters, latin] : rows) CHECK(transliterate_name(letters) == latin);
}

TEST_CASE("shadda doubles its letter, also with a vowel mark between", "[record]") {
    CHECK(transliterate_name("محمّد") == "MXHMMD");
    CHECK(transliterate_name("محم\u064E\u0651د") == "MXHMMD");
    CHECK(transliterate_name("ش\u0651") == "XSHXSH");
    CHECK(transliterate_name("\u0651م") == "M");
}

TEST_CASE("teh marbuta sounds as H at the end of a part of a name", "[record]") {
    CHECK(transliterate_name("رحمة") == "RXHMXAH");
    CHECK(transliterate_name("رحمة الله") == "RXHMXAH ALLH");
    CHECK(transliterate_name("رحمة-الله") == "RXHMXAH ALLH");
    CHECK(transliterate_name("رحمتة\u064E") == "RXHMTXAH");
    CHECK(transliterate_name("رحمةالله") == "RXHMXTAALLH");
}

TEST_CASE("marks are left out, blanks and hyphens part the name", "[record]") {
    CHECK(transliterate_name("مـ\u064B\u064C\u064D\u064E\u064F\u0650\u0652\u0670\u069C\u06A2\u06A7\u06A8") ==
          "M");
    CHECK(transliterate_name("علی\u200Cرضا") == "ELXYARXDZA");
    CHECK(transliterate_name(" علی - رضا ") == "ELXYA RXDZA");
    CHECK(transliterate_name("خانهٔ") == "XKHANXYH");
    CHECK(transliterate_name("Sara") == "SARA");
    CHECK(transliterate_name("").empty());
}

TEST_CASE("a letter without a Latin form is named", "[record]") {
    CHECK_THROWS_WITH(transliterate_name("سا\u0690"), Catch::Contains("(U+0690) at 3 has no Latin form"));
    CHECK_THROWS_AS(transliterate_name("سارا۲"), Error);
}
