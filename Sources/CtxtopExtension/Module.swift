import CPython
@c(PyInit__native) public func pyInit() -> UnsafeMutableRawPointer? { 
 let s = Snapshot(service: "a", host: "b")
 return s.service == s.host || s == Snapshot() ? nil : nil }
