internal import Orchestrator

/// A PNG file in kitty's graphics protocol (sw.kovidgoyal.net/kitty/graphics-protocol): base64 in pieces of 4096 bytes.
struct KittyImage {
    let png: [UInt8]

    private static let piece = 4096

    var text: [UInt8] {
        let data = Base64.encode(png.span)
        var text: [UInt8] = []
        var index = 0
        repeat {
            let end = min(index + Self.piece, data.count)
            // `q=2`: the terminal's answers would be taken for something typed.
            let keys = (index == 0 ? "a=T,f=100,q=2," : "") + "m=\(end < data.count ? 1 : 0)"
            text += "\u{1B}_G\(keys);".utf8
            text += data[index..<end]
            text += "\u{1B}\\".utf8
            index = end
        } while index < data.count
        return text + [0x0A]
    }
}

/// A PNG file as an inline image of iTerm2 (iterm2.com/documentation-images.html).
struct InlineImage {
    let png: [UInt8]

    var text: [UInt8] {
        Array("\u{1B}]1337;File=inline=1;size=\(png.count);preserveAspectRatio=1:".utf8) + Base64.encode(png.span)
            + [0x07, 0x0A]
    }
}
