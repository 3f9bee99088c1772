"""The wording patterns the classifier looks for, matched against plain text without apostrophes.

Changing one changes what the trained weights mean: train again (`python -m evals train_questions`).
"""
# ruff: noqa: E501 (a pattern reads best on one line)

_AUXILIARY = r"(?:is|are|was|were|do|does|did|have|has|had|can|could|will|would|should|may|might|shall)"
_PRONOUN = r"(?:you|your|it|there|he|she|they|we|i|that|this|any|anyone|anything|someone)"
_LEAD = (
    r"(?:(?:um|uh|er|erm|okay|ok|right|alright|well|so|and|but|now|yeah|yes|no|sorry|hi|hello|oh|ohh|just|then|sure|great|good"
    r"|also|besides|dear|please|sir|madam|morning|afternoon|thanks|thank you|of course|in terms of \w+)\s+)*"
)

QUESTION: tuple[str, ...] = (
    # the first words after fillers
    rf"^{_LEAD}what\b",
    rf"^{_LEAD}what(?:s| is| are| was| were)\b",
    rf"^{_LEAD}what (?:do|does|did|would|will|can|could|should|have|has)\b",
    rf"^{_LEAD}what (?:made|makes|brings|brought|happen|happened|happens|prompted|led|seems|worries|matters|went|caused|changed)\b",
    rf"^{_LEAD}(?:what|which) (?:kind|sort|type|parts?)\b",
    rf"^{_LEAD}(?:what|which) (?:number|name|date|time|day|version|model|colour|size|age|address|side|year|make|card|channel)\b",
    rf"^{_LEAD}how (?:s|is|are|was|were|has|have|would|does|did|do|will|can|could|should)\b",
    rf"^{_LEAD}how (?:can|may|could) (?:i|we)\b",
    rf"^{_LEAD}how (?:much|many|long|often|old|far|soon|big|high|late|bad|severe|urgent|important)\b",
    rf"^{_LEAD}why\b",
    rf"^{_LEAD}(?:when|where|who|which|whose|whereabouts)\b",
    rf"^{_LEAD}{_AUXILIARY} {_PRONOUN}\b",
    rf"^{_LEAD}(?:do|did|does|have|has|are|were|is|was) (?:you|your)\b",
    rf"^{_LEAD}(?:can|could|would|will|may|might) (?:you|i|we)\b",
    rf"^{_LEAD}(?:any|anything|anyone|other)\b",
    rf"^{_LEAD}(?:you|youre|your|its|it|thats|that|they|he|she|theres|not)\b",
    rf"^{_LEAD}(?:i|im|ill|id|ive|we|well|let|lets)\b",
    rf"^{_LEAD}(?:tell|describe|explain|talk|walk|give|show|help)\b",
    rf"^{_LEAD}(?:when|if|as|because|whatever|whoever) (?:you|we|i|it)\b",
    # shapes anywhere
    r"\b(?:what|which)\b",
    r"\bhow\b",
    r"\bwhy\b",
    r"\bor\b",
    r"\b(?:any|anything|anyone)\b",
    rf"\b{_AUXILIARY} you\b",
    r"\b(?:tell|describe|explain|talk|walk)\b.{0,12}\b(?:me|us|through|to)\b",
    r"\b(?:tell me|tell us|let me know) (?:a (?:little )?(?:bit )?)?(?:more )?about\b",
    r"\b(?:tell me|tell us) (?:your|the|which|whether|if|when|how (?:many|much|old|long))\b",
    r"\b(?:talk|walk|take|run) (?:me|us) through\b",
    r"\bmore about\b|\ba bit more\b|\bin (?:more )?detail|\bdetails?\b",
    r"\bdescribe\b|\bexplain\b",
    r"\bin what way\b|\bwhat way\b|\bwhat sort\b|\bwhat kind\b",
    r"\bhow (?:do|did|does|would|are|is|have|has) (?:you|that|it|this|things|your)\b",
    r"\bhow long\b|\bhow many\b|\bhow much\b|\bhow often\b|\bhow old\b",
    r"\bscale of\b|\bone to (?:ten|five)\b|\brate\b",
    # tags, echoes, checks
    r"\b(?:okay|ok|right|yeah|all right|alright|eh|yes)$",
    r"\b(?:is|isnt|are|arent|do|dont|did|didnt|have|havent|wasnt|can|cant|wont|does|doesnt) (?:it|you|that|they|she|he|we|i)$",
    r"\bis that (?:right|correct|okay|ok|true)\b|\bcorrect$",
    r"\bmake sense\b|\bsound (?:ok|okay|all|good)\b|\bclear\b",
    rf"^{_LEAD}so (?:you|its|it|thats|that|the|about|your|from|since)\b|^so\b",
    r"\byou (?:said|mentioned|say|mean|told)\b",
    # holds, directives, offers
    r"\b(?:bear with|hold (?:on|the line)|one (?:second|moment)|a (?:second|moment|minute)|on hold|bear)\b",
    r"\b(?:can|could|would|will) you (?:please |just |possibly )*(?:hold|wait|bear|try|turn|switch|press|go|check|restart|use|put|make|pop|stay|sign|unplug|click|leave|pull|mind)\b",
    r"\b(?:contact us|call us|give (?:me|us) a call|call back|contact me|please contact|any problem|any doubts?)\b",
    r"\b(?:ill|im going to|im gonna|let me|lets|we will|well|i will|what ill|what i|what you|what we)\b",
    r"\bplease\b",
    # functions
    r"\bhow (?:can|may|could) (?:i|we) (?:help|assist|be)|\bcan i (?:help|do)\b|\bwhat can (?:i|we) (?:do|help)\b|\bbrings you\b|\bbrought you\b",
    r"\bwhat(?:s| is| has| seems)? (?:seems? )?(?:to be )?(?:the |your )?(?:problem|trouble|matter)\b|\bgoing on\b|\bwhats? (?:been )?happen",
    r"\b(?:affect|affects|affected|affecting|impact|impacting|effect)\b",
    r"\bmean (?:for|to) (?:you|your|the)\b|\bfor you\b|\bdo to you\b|\bleave you\b|\bcost you\b|\blike for you\b",
    r"\b(?:feel|feeling|feelings|worry|worried|worries|worrying|concern|concerned|frightened|anxious|afraid|upset|scared|mood|stress\w*)\b",
    r"\b(?:cope|coping|manage|managing|managed|get by|struggle|afford|miss|missed|time off|off work|without)\b",
    r"\b(?:work|job|home|family|kids|children|business|customers|sleep|money|plans|daily|day to day|life|evenings?|week)\b",
    r"\burgent|\burgency|\bhow soon|\bdeadline|\bat stake|\bneed it\b|\bin time\b",
    r"\b(?:want|wanted|like to|hope|hoping|expect|expecting|prefer|rather|looking for|looking to|ideal|plan|planning|goal)\b",
    r"\b(?:important|matters?|would help|would make|would a good|outcome|next steps?|most helpful)\b",
    r"\blive\b|\blives\b|\bdo you do\b|\bat home\b|\bworking\b|\bsituation\b",
    r"\b(?:name|date of birth|address|postcode|account|email|e mail|phone number|number|policy|reference|serial|password|security|order|contact)\b",
    r"\b(?:confirm|permission|consent|happy for|book|appointment|transfer|put you through|send|private message|spell|check)\b",
    r"\b(?:can|could|may|shall) i\b",
    r"\b(?:did|could|should|would|what|how)\b.{0,12}\b(?:we|our|us)\b",
    r"\b(?:better|differently|improve|recommend|doing right|do right|change|well|helpful|learn|learned|understand|know more|stop doing)\b",
    r"\b(?:anything|something|what) else\b|\bany (?:other |more |further )?questions?\b|\bbefore (?:you go|i let|we finish|i go)\b|\beverything\b",
    r"\b(?:today|this (?:morning|afternoon))\b",
    r"\b(?:when|since|start|started|first|last time|how long|before)\b",
    r"\b(?:take|taking|taken|tried|try|symptoms?|pain|history|allerg\w+|medications?|smoke|drink|fever|notice\w*)\b",
    r"\b(?:does|did|is|has) (?:it|the|that|this)\b",
)
"""Of the question itself."""

PREV: tuple[str, ...] = (
    r"^$",
    r"^(?:yes|yeah|yep|no|nope|okay|ok|right|sure|mm|mhm|um|uh)(?: \w+){0,2}$",
    r"\b(?:hello|hi|good (?:morning|afternoon|evening))\b",
    r"\b(?:thank you|thanks|great|lovely|perfect)\b",
    r"\b\d{2,}|\b(?:road|street|avenue|born|name is|my name|years old)\b",
    r"\b(?:work|job|wife|husband|kids|son|daughter|family|baby|mother|mum|dad)\b",
)
"""Of the customer's last words."""
