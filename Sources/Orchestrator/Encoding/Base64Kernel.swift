/// The inner loops of base64: sixteen digits a turn in vector registers, checked all together.
///
/// This file holds the unsafe memory accesses of the coder; its functions take spans and arrays.
enum Base64Kernel {
    /// Digits decoded in one turn.
    static let decodedAtOnce = 16
    /// Bytes encoded in one turn.
    static let encodedAtOnce = 12
    /// Capacity beyond the result that the loops may scribble on.
    static let slack = 16

    /// Decodes whole turns from the start of a text, appends the bytes, and returns how many digits it has used; stops
    /// before a turn with any byte outside the alphabet.
    static func decode(_ text: Span<UInt8>, into bytes: inout [UInt8]) -> Int {
        let turns = text.count / decodedAtOnce
        var done = 0
        bytes.append(addingCapacity: turns * 12 + slack) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                guard let start = buffer.baseAddress else { return }
                let target = unsafe UnsafeMutableRawPointer(start + count)
                let source = unsafe text.bytes
                while done < turns {
                    let digits = unsafe source.unsafeLoadUnaligned(
                        fromByteOffset: done &* decodedAtOnce,
                        as: SIMD16<UInt8>.self
                    )
                    guard let values = sextets(of: digits) else { break }
                    let (first, second) = pack(values)
                    let place = unsafe target + done &* 12
                    unsafe place.storeBytes(of: first, as: UInt64.self)
                    unsafe (place + 6).storeBytes(of: second, as: UInt64.self)
                    done &+= 1
                }
                count += done * 12
            }
        }
        return done * decodedAtOnce
    }

    /// The values of sixteen digits; nil if any of them is none.
    @inline(__always)
    private static func sextets(of digits: SIMD16<UInt8>) -> SIMD16<UInt8>? {
        let (upper, lower, figure) = (digits &- splat(65), digits &- splat(97), digits &- splat(48))
        let values = splat(0xFF)
            .replacing(with: upper, where: upper .< splat(26))
            .replacing(with: lower &+ splat(26), where: lower .< splat(26))
            .replacing(with: figure &+ splat(52), where: figure .< splat(10))
            .replacing(with: splat(62), where: digits .== splat(43))
            .replacing(with: splat(63), where: digits .== splat(47))
        let words = unsafe unsafeBitCast(values, to: SIMD2<UInt64>.self)
        return (words[0] | words[1]) & 0x8080_8080_8080_8080 == 0 ? values : nil
    }

    /// Sixteen values of six bits as twelve bytes: six at the low end of each word, in the order of memory.
    @inline(__always)
    private static func pack(_ values: SIMD16<UInt8>) -> (UInt64, UInt64) {
        let words = unsafe unsafeBitCast(values, to: SIMD4<UInt32>.self)
        // In each lane, bytes a b c d (a lowest) become the number a·2¹⁸ + b·2¹² + c·2⁶ + d.
        let low: SIMD4<UInt32> = splat(0x003F_003F)
        let pairs = ((words & low) &<< splat(6)) | ((words &>> splat(8)) & low)
        let lanes = ((pairs & splat(0xFFFF)) &<< splat(12)) | (pairs &>> splat(16))
        let first = UInt64(lanes[0]) << 40 | UInt64(lanes[1]) << 16
        let second = UInt64(lanes[2]) << 40 | UInt64(lanes[3]) << 16
        return (first.bigEndian, second.bigEndian)
    }

    /// Encodes whole turns from the start of some bytes, appends the digits, and returns how many bytes it has used.
    static func encode(_ bytes: Span<UInt8>, into text: inout [UInt8]) -> Int {
        // Each turn reads eight bytes from its seventh on, two more than it encodes.
        let turns = max(bytes.count - 2, 0) / encodedAtOnce
        text.append(addingCapacity: turns * 16 + slack) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                guard let start = buffer.baseAddress else { return }
                let target = unsafe UnsafeMutableRawPointer(start + count)
                let source = unsafe bytes.bytes
                for turn in 0..<turns {
                    let first = unsafe source.unsafeLoadUnaligned(fromByteOffset: turn &* 12, as: UInt64.self)
                    let second = unsafe source.unsafeLoadUnaligned(fromByteOffset: turn &* 12 &+ 6, as: UInt64.self)
                    let digits = digits(of: unpack(first.bigEndian, second.bigEndian))
                    unsafe (target + turn &* 16).storeBytes(of: digits, as: SIMD16<UInt8>.self)
                }
                count += turns * 16
            }
        }
        return turns * encodedAtOnce
    }

    /// The inverse of `pack`: the six highest bytes of each word as eight values of six bits.
    @inline(__always)
    private static func unpack(_ first: UInt64, _ second: UInt64) -> SIMD16<UInt8> {
        let lanes = SIMD4<UInt32>(
            UInt32(truncatingIfNeeded: first >> 40),
            UInt32(truncatingIfNeeded: first >> 16) & 0xFF_FFFF,
            UInt32(truncatingIfNeeded: second >> 40),
            UInt32(truncatingIfNeeded: second >> 16) & 0xFF_FFFF
        )
        let low: SIMD4<UInt32> = splat(0x003F_003F)
        let pairs = (lanes &>> splat(12)) | ((lanes & splat(0xFFF)) &<< splat(16))
        let words = ((pairs &>> splat(6)) & low) | ((pairs & low) &<< splat(8))
        return unsafe unsafeBitCast(words, to: SIMD16<UInt8>.self)
    }

    /// The digits for sixteen values of six bits.
    @inline(__always)
    private static func digits(of values: SIMD16<UInt8>) -> SIMD16<UInt8> {
        (values &+ splat(65))
            .replacing(with: values &+ splat(71), where: values .> splat(25))
            .replacing(with: values &- splat(4), where: values .> splat(51))
            .replacing(with: splat(43), where: values .== splat(62))
            .replacing(with: splat(47), where: values .== splat(63))
    }

    // Operators that mix a vector with a scalar, `init(repeating:)` and `replace(with:where:)` run lane by lane, forty times
    // slower (Swift 6.3): constants are spelled as vectors, and only operators on two vectors are used.
    @inline(__always)
    private static func splat(_ byte: UInt8) -> SIMD16<UInt8> {
        let word = UInt64(byte) &* 0x0101_0101_0101_0101
        return unsafe unsafeBitCast(SIMD2(word, word), to: SIMD16<UInt8>.self)
    }

    @inline(__always)
    private static func splat(_ lane: UInt32) -> SIMD4<UInt32> {
        SIMD4(lane, lane, lane, lane)
    }
}
