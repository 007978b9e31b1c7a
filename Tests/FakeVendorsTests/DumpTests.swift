import FakeVendors
import Foundation
import Orchestrator
import Testing
@Test func dump() throws {
    for f in ImageFormat.allCases {
        for (w, h) in [(1, 1), (7, 9), (1024, 1024), (1536, 1024), (3840, 2160)] {
            for a in [false, true] {
                for p in [0, 300000] {
                    let b = PictureMaker.make(
                        f,
                        width: w,
                        height: h,
                        number: w + h,
                        isTransparent: a && f != .jpeg,
                        padding: p
                    )
                    try Data(b).write(to: URL(fileURLWithPath: "/tmp/fakepics/\(f)-\(w)x\(h)-\(a)-\(p).\(f)"))
                }
            }
        }
    }
}
