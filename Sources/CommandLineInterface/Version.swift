/// The version of this package's programs.
package enum Version {
    package static let text = "0.1.0"
}
