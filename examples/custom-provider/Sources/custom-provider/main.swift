import Daemon
import Providers

// The whole daemon, with every kind of provider that comes with it and one of our own.
await Program(adapters: Builtin.adapters + [EchoAdapter.self]).main()
