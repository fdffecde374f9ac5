// SPDX-License-Identifier: Apache-2.0
package kartsaz;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

import javax.smartcardio.CardTerminal;
import javax.smartcardio.TerminalFactory;

import net.sf.scuba.smartcards.CardServiceException;
import net.sf.scuba.smartcards.TerminalCardService;

import org.jmrtd.BACKey;
import org.jmrtd.PACEKeySpec;
import org.jmrtd.PassportService;
import org.jmrtd.lds.CardAccessFile;
import org.jmrtd.lds.LDSFileUtil;
import org.jmrtd.lds.PACEInfo;
import org.jmrtd.lds.SecurityInfo;
import org.jmrtd.lds.icao.COMFile;

/** One connection to the chip through JMRTD: opened by one access protocol, its files as read. */
final class Chip implements AutoCloseable {
    private final PassportService service;
    final Map<String, byte[]> files = new LinkedHashMap<>();
    final Map<String, String> refused = new LinkedHashMap<>();

    private Chip(PassportService service) {
        this.service = service;
    }

    private static PassportService connect(String reader) throws Exception {
        for (CardTerminal terminal : TerminalFactory.getInstance("PC/SC", null).terminals().list()) {
            if (!terminal.getName().contains(reader)) {
                continue;
            }
            PassportService service = new PassportService(new TerminalCardService(terminal),
                    PassportService.NORMAL_MAX_TRANCEIVE_LENGTH, PassportService.DEFAULT_MAX_BLOCKSIZE,
                    false, true);
            service.open();
            return service;
        }
        throw new IllegalStateException("no reader whose name contains \"" + reader + "\"");
    }

    /** Opens by Basic Access Control, after making sure that nothing can be read without it. */
    static Chip byBac(String reader, BACKey key) throws Exception {
        PassportService service = connect(reader);
        service.sendSelectApplet(false);
        try {
            service.getInputStream(PassportService.EF_COM).readAllBytes();
            throw new Steps.Failed("EF.COM can be read with no access protocol");
        } catch (CardServiceException | java.io.IOException expected) {
            Steps.say("no access without BAC or PACE: " + reason(expected));
        }
        service.sendSelectApplet(false);
        service.doBAC(key);
        return new Chip(service);
    }

    /** Opens by PACE with the MRZ, as the first PACEInfo of EF.CardAccess says. */
    static Chip byPace(String reader, BACKey key) throws Exception {
        PassportService service = connect(reader);
        service.sendSelectMF();  // the last session has left the application selected
        Collection<SecurityInfo> infos =
                new CardAccessFile(service.getInputStream(PassportService.EF_CARD_ACCESS)).getSecurityInfos();
        for (SecurityInfo info : infos) {
            if (info instanceof PACEInfo pace) {
                service.doPACE(PACEKeySpec.createMRZKey(key), pace.getObjectIdentifier(),
                        PACEInfo.toParameterSpec(pace.getParameterId()), pace.getParameterId());
                service.sendSelectApplet(true);
                Steps.say("EF.CardAccess offers " + pace.getProtocolOIDString());
                return new Chip(service);
            }
        }
        throw new Steps.Failed("EF.CardAccess has no PACEInfo");
    }

    /** Reads EF.COM, EF.SOD and every data group that EF.COM names; what the chip refuses is noted. */
    void readAll() throws Exception {
        read("EF.COM", PassportService.EF_COM);
        read("EF.SOD", PassportService.EF_SOD);
        COMFile com = new COMFile(new java.io.ByteArrayInputStream(file("EF.COM")));
        for (int tag : com.getTagList()) {
            int number = LDSFileUtil.lookupDataGroupNumberByTag(tag);
            read("DG" + number, LDSFileUtil.lookupFIDByDataGroupNumber(number));
        }
    }

    private void read(String name, short fid) {
        try {
            files.put(name, service.getInputStream(fid, service.getMaxReadBinaryLength()).readAllBytes());
        } catch (CardServiceException | java.io.IOException no) {
            refused.put(name, reason(no));
        }
    }

    /** The status word where the chip spoke, else what went wrong. */
    private static String reason(Throwable no) {
        for (Throwable cause = no; cause != null; cause = cause.getCause()) {
            if (cause instanceof CardServiceException card && card.getSW() != CardServiceException.SW_NONE) {
                return String.format("%04X", card.getSW() & 0xFFFF);
            }
        }
        return no.getMessage();
    }

    byte[] file(String name) {
        byte[] content = files.get(name);
        if (content == null) {
            throw new Steps.Failed(name + " could not be read: " + refused.getOrDefault(name, "EF.COM does not name it"));
        }
        return content;
    }

    PassportService service() {
        return service;
    }

    @Override
    public void close() {
        service.close();
    }
}
