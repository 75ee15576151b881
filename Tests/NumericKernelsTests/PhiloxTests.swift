import NumericKernels
import Testing

@Suite("Philox4x64-10 and streams")
struct PhiloxTests {
  /// The three vectors of Random123's kat_vectors file (Salmon et al.).
  @Test("known answers")
  func knownAnswers() {
    let ones = UInt64.max
    let zero = Philox4x64.block(counter: (0, 0, 0, 0), key: (0, 0))
    #expect(zero == (0x1655_4d9e_ca36_314c, 0xdb20_fe9d_672d_0fdc, 0xd7e7_72ce_e186_176b, 0x7e68_b68a_ec7b_a23b))
    let full = Philox4x64.block(counter: (ones, ones, ones, ones), key: (ones, ones))
    #expect(full == (0x87b0_92c3_013f_e90b, 0x438c_3c67_be8d_0224, 0x9cc7_d7c6_9cd7_77b6, 0xa09c_aebf_594f_0ba0))
    let pi = Philox4x64.block(
      counter: (0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89),
      key: (0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6c))
    #expect(pi == (0xa528_f454_03e6_1d95, 0x38c7_2dbd_566e_9788, 0xa5a1_610e_72fd_18b5, 0x57bd_43b5_e52b_7fe6))
  }

  @Test("a stream is its blocks in order under its own key and counter words")
  func layout() {
    var stream = RandomStream(seed: 11, purpose: 3, index: 5, chain: 2, draw: 9)
    for block in 0..<3 as Range<UInt64> {
      let words = Philox4x64.block(counter: (block, 5, 9, 0), key: (11, 3 << 32 | 2))
      #expect([words.0, words.1, words.2, words.3] == (0..<4).map { _ in stream.next() })
    }
  }

  @Test("every part of the name gives another stream, and the same name the same")
  func names() {
    var streams = [
      RandomStream(seed: 1, purpose: 1), RandomStream(seed: 2, purpose: 1), RandomStream(seed: 1, purpose: 2),
      RandomStream(seed: 1, purpose: 1, index: 1), RandomStream(seed: 1, purpose: 1, chain: 1),
      RandomStream(seed: 1, purpose: 1, draw: 1),
    ]
    var firsts: Set<UInt64> = []
    for i in streams.indices { firsts.insert(streams[i].next()) }
    #expect(firsts.count == streams.count)
    var again = RandomStream(seed: 1, purpose: 1, draw: 1)
    #expect(firsts.contains(again.next()))
  }

  @Test("neighbouring streams are uncorrelated")
  func independence() {
    // 20,000 pairs from streams that differ in one counter or key bit; the correlation's sd is 1/sqrt(20000) = 0.0071.
    let pairs: [(RandomStream, RandomStream)] = [
      (.init(seed: 8, purpose: 1, index: 6), .init(seed: 8, purpose: 1, index: 7)),
      (.init(seed: 8, purpose: 1, chain: 0), .init(seed: 8, purpose: 1, chain: 1)),
      (.init(seed: 8, purpose: 1, draw: 2), .init(seed: 8, purpose: 1, draw: 3)),
    ]
    for (first, second) in pairs {
      var (a, b) = (first, second)
      var sum = 0.0
      for _ in 0..<20_000 { sum += (a.uniform() - 0.5) * (b.uniform() - 0.5) * 12 }
      #expect(abs(sum / 20_000) < 4 * 0.0071)
    }
  }
}
