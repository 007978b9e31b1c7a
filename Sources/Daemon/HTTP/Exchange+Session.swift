import Orchestrator
import Transport

extension Exchange {
    /// Opens a session in place of the one that the browser had, with the cookie that gives it to the browser.
    func openSession(
        of user: UserID
    ) async throws(APIError) -> (session: SessionRecord, cookie: (name: String, value: String)) {
        let (token, session) = try await service.accounts.openSession(of: user)
        try await endSession()
        return (session, SessionCookie.header(token, isSecure: service.authenticator.pages.isSecure))
    }

    /// Ends the session that the browser has, if it has one.
    func endSession() async throws(APIError) {
        guard let token = SessionCookie.token(in: request.headers), SessionCookie.isWellFormed(token) else { return }
        try await service.accounts.endSession(token: token)
        service.authenticator.forget()
    }
}
