"""What erasing itself leaves."""

from krak.core.personal import holds

holds("privacy.Erasure", keeps="that somebody was erased")
holds("privacy.SealedFacts", hides=("sealed",), keeps="what the law demands, and no longer")
