/// A formula over data and parameters: a scalar, vector, matrix or array of numbers that is known once the parameters
/// are.
///
/// Elementwise operations broadcast: axes are aligned at the last, and an axis of length 1 is repeated. A mistake such
/// as shapes that do not fit is kept and thrown when the model is compiled.
public struct Formula: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  let node: Node

  init(_ node: Node) { self.node = node }

  public init(floatLiteral value: Double) { node = .scalar(value) }
  public init(integerLiteral value: Int) { node = .scalar(Double(value)) }
  public init(arrayLiteral elements: Double...) { node = .constant(elements, [elements.count]) }

  /// A constant; numbers and arrays of them convert.
  public init(_ value: some FormulaConvertible) { node = value.formula.node }

  public var shape: Shape { node.shape }
}

/// What can be written where an expression is expected: numbers and arrays of numbers.
public protocol FormulaConvertible {
  var formula: Formula { get }
}

extension Formula: FormulaConvertible {
  public var formula: Formula { self }
}

extension Double: FormulaConvertible {
  public var formula: Formula { Formula(.scalar(self)) }
}

extension Int: FormulaConvertible {
  public var formula: Formula { Formula(.scalar(Double(self))) }
}

extension Array: FormulaConvertible where Element: FormulaConvertible {
  /// A vector of scalars, or an array of one axis more than its elements, which must be of one shape.
  public var formula: Formula {
    let nodes = map(\.formula.node)
    guard let first = nodes.first else { return Formula(.constant([], [0])) }
    if nodes.allSatisfy({ if case .constant = $0.operation { $0.shape == first.shape } else { false } }) {
      let values = nodes.flatMap { node -> [Double] in
        guard case .constant(let block) = node.operation else { return [] }
        return block.values
      }
      return Formula(.constant(values, Shape([count] + first.shape.lengths)))
    }
    let rows = nodes.map { Node.reshape($0, Shape([1] + $0.shape.lengths)) }
    return Formula(.concatenation(rows))
  }
}

/// Positions along an axis, counted from 0, by which expressions are gathered: `theta[school]`.
public struct Index: Sendable, ExpressibleByArrayLiteral {
  let block: IndexBlock

  init(_ block: IndexBlock) { self.block = block }

  /// Positions without a name, which cannot be replaced for prediction.
  public init(_ positions: [Int]) { block = IndexBlock(name: nil, values: positions) }
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  public var positions: [Int] { block.values }
}

extension Formula {
  /// The elements (of a matrix, rows) at these positions of the first axis.
  public subscript(index: Index) -> Formula { Formula(.gather(node, [index.block])) }

  /// The elements of a matrix at pairs of positions: `effect[product, day]`.
  public subscript(first: Index, second: Index) -> Formula {
    Formula(.gather(node, [first.block, second.block]))
  }

  public subscript(first: Index, second: Index, third: Index) -> Formula {
    Formula(.gather(node, [first.block, second.block, third.block]))
  }

  public subscript(positions: [Int]) -> Formula { self[Index(positions)] }

  /// One element of a vector, or one row of a matrix.
  public subscript(position: Int) -> Formula {
    let one = Node.gather(node, [IndexBlock(name: nil, values: [position])])
    return Formula(.reshape(one, Shape(Array(one.shape.lengths.dropFirst()))))
  }

  /// A stretch of a vector, or of a matrix's rows.
  public subscript(range: Range<Int>) -> Formula { self[Index(Array(range))] }

  /// The same elements under another shape of as many.
  public func reshaped(_ shape: Shape) -> Formula { Formula(.reshape(node, shape)) }

  /// With an axis of length 1 put in before `axis`, to be repeated by broadcasting: a vector becomes a matrix of one
  /// row (`axis` 0) or of one column (`axis` 1).
  public func insertingAxis(_ axis: Int) -> Formula {
    guard (0...shape.rank).contains(axis) else {
      return Formula(.invalid("an axis cannot be put in before axis \(axis) of \(node.label) \(shape)"))
    }
    var lengths = shape.lengths
    lengths.insert(1, at: axis)
    return reshaped(Shape(lengths))
  }

  /// A vector as a matrix of one column.
  public var column: Formula { insertingAxis(1) }
  /// A vector as a matrix of one row.
  public var row: Formula { insertingAxis(0) }
  public var transposed: Formula { Formula(.transpose(node)) }

  /// Formula end to end along the first axis; scalars make a vector.
  public static func concatenating(_ parts: [Formula]) -> Formula {
    Formula(.concatenation(parts.map { $0.shape.rank == 0 ? .reshape($0.node, [1]) : $0.node }))
  }
}
