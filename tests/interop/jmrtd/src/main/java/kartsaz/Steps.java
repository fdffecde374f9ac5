// SPDX-License-Identifier: Apache-2.0
package kartsaz;

import java.util.Arrays;

/** A line per step, and how many failed. */
final class Steps {
    /** What is wrong with the card, in words. */
    static final class Failed extends RuntimeException {
        Failed(String what) {
            super(what);
        }
    }

    interface Step {
        /** @return what was seen */
        String run() throws Exception;
    }

    private int failed;
    private int passed;
    private final String prefix;

    Steps(String prefix) {
        this.prefix = prefix;
    }

    void step(String title, Step step) {
        try {
            String seen = step.run();
            ++passed;
            say("ok    " + prefix + title + ": " + seen);
        } catch (Exception | LinkageError wrong) {
            ++failed;
            say("WRONG " + prefix + title + ": " + wrong);
            if (!(wrong instanceof Failed)) {
                wrong.printStackTrace();
            }
        }
    }

    int failed() {
        return failed;
    }

    int passed() {
        return passed;
    }

    static void say(String line) {
        System.out.println(line);
    }

    static void equal(String what, Object got, Object expected) {
        if (!expected.equals(got)) {
            throw new Failed(what + " is \"" + got + "\", expected \"" + expected + "\"");
        }
    }

    static void equal(String what, byte[] got, byte[] expected) {
        int at = Arrays.mismatch(got, expected);
        if (at >= 0) {
            throw new Failed(what + ": " + got.length + " bytes, expected " + expected.length
                    + "; first difference at offset " + at);
        }
    }
}
