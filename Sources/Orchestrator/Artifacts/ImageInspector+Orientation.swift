/// The orientation, 1...8, in the first directory of Exif data, given from its TIFF header on (Exif 2.32, section 4.6);
/// nil if there is none, or the data is damaged, which is no reason to refuse a picture.
func exifOrientation(_ exif: ArraySlice<UInt8>) -> Int? {
    let bytes = Array(exif)
    guard bytes.count >= 8 else { return nil }
    let isLittle = bytes.starts(with: [0x49, 0x49, 0x2A, 0])
    guard isLittle || bytes.starts(with: [0x4D, 0x4D, 0, 0x2A]) else { return nil }
    func read16(_ offset: Int) -> Int? {
        guard offset >= 0, offset + 2 <= bytes.count else { return nil }
        let (first, second) = (Int(bytes[offset]), Int(bytes[offset + 1]))
        return isLittle ? second << 8 | first : first << 8 | second
    }
    func read32(_ offset: Int) -> Int? {
        guard let first = read16(offset), let second = read16(offset + 2) else { return nil }
        return isLittle ? second << 16 | first : first << 16 | second
    }
    guard let directory = read32(4), let count = read16(directory) else { return nil }
    for entry in 0..<count {
        let start = directory + 2 + 12 * entry
        guard let tag = read16(start), let type = read16(start + 2), let value = read16(start + 8) else { return nil }
        if tag == 0x0112, type == 3 { return (1...8).contains(value) ? value : nil }  // type 3 is SHORT
    }
    return nil
}
