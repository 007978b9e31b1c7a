/// Devices that ask for a key by a code which a person confirms in a browser (RFC 8628).
///
/// Each change names the state that it starts from, and says whether it found it: of many that try at once one succeeds.
package protocol DeviceGrantStore {
    /// Throws `.conflict` when the user code, or the device code, is taken.
    func addDeviceGrant(_ grant: DeviceGrant) async throws(StoreError)
    func deviceGrant(codeHash: String) async throws(StoreError) -> DeviceGrant?
    func deviceGrant(userCode: String) async throws(StoreError) -> DeviceGrant?

    /// Notes that the device has asked while nobody had decided; false when it has asked meanwhile, or somebody has decided.
    func notePoll(of grant: DeviceGrant, at now: Timestamp, interval: Int) async throws(StoreError) -> Bool

    /// Lets the device in as `user`, or turns it away; false when somebody else has decided, or it is too late. Saying the
    /// same again is no contradiction.
    func decideDevice(
        userCode: String,
        by user: UserID,
        isApproved: Bool,
        now: Timestamp
    ) async throws(StoreError) -> Bool

    /// Adds the key that a device was let in for, once; false when it has its key, or is not let in as the key's owner, or
    /// not any more.
    func redeemDevice(codeHash: String, for key: KeyRecord, now: Timestamp) async throws(StoreError) -> Bool
}

/// One device's request to be let in.
package struct DeviceGrant: Sendable, Hashable {
    /// pending → approved → redeemed, or pending → denied; what is too late stays as it is.
    package enum State: String, Sendable, CaseIterable {
        case pending, approved, denied, redeemed
    }

    /// How long one is remembered past its end, to be told that it came too late.
    package static let memory = Duration.seconds(86_400)

    /// SHA-256 of the device code, lower-case hex.
    package var codeHash: String
    /// What the person types, in the form in which it is shown.
    package var userCode: String
    /// What the client called itself, and must go on calling itself; nil where it gave no `client_id`.
    package var clientID: String?
    /// What the person is told that asks.
    package var name: String
    /// The way to sign in that the client prefers, such as `github`.
    package var provider: String?
    /// Whence it was asked.
    package var address: String
    package var created: Timestamp
    package var expires: Timestamp
    /// Seconds between two polls.
    package var interval: Int
    /// The last poll while nothing was decided.
    package var polled: Timestamp?
    package var state = State.pending
    /// Who decided.
    package var user: UserID?

    package init(
        codeHash: String,
        userCode: String,
        clientID: String?,
        name: String,
        provider: String?,
        address: String,
        created: Timestamp,
        expires: Timestamp,
        interval: Int
    ) {
        self.codeHash = codeHash
        self.userCode = userCode
        self.clientID = clientID
        self.name = name
        self.provider = provider
        self.address = address
        self.created = created
        self.expires = expires
        self.interval = interval
    }
}
