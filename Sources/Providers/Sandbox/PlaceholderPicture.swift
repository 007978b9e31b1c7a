/// A stand-in until the real drawing arrives.
struct PlaceholderPicture {
    var prompt: String
    var seed: UInt64
    var size: (width: Int, height: Int)

    func png() -> [UInt8] { Array("\(prompt)|\(seed)|\(size.width)x\(size.height)".utf8) }
}
