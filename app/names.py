"""Word lists for masking: common given names and surnames, and the field's words that only look like names."""

_GIVEN = """
aaron abdul abdullah abigail adam adele adrian agnes ahmad ahmed aisha alan albert alejandra alejandro
alessandro alex alexander alexandra alexandre alexey alexis alfonso alfred ali alice alicia alison allan
allison alvaro amanda amelia amina amir amit amy ana anand anastasia andre andrea andreas andrei andres
andrew andrzej angela angelica angelo anil anita anjali ann anna anne annette anthony antoine anton antonia
antonio arjun armando arnaud arthur arun asha ashley astrid ayse barbara beatrice beatriz ben benedict
benjamin bernard bernd bertrand beth betty beverly birgit bjorn bob boris brandon brenda brian bridget bruce
bruno bryan camille carla carlo carlos carmen carol caroline carolyn catherine cathy cecilia celine charles
charlotte chen cheng chiara chloe chris christian christina christine christoph christopher cindy claire
clara claudia claudio colin connor constance corinne craig cristina cynthia daniel daniela danielle darren
david deborah debra deepak denis denise dennis derek diana diane diego dieter dimitri dirk dmitry dominic
dominik donald donna dorothy douglas duncan dylan edith eduardo edward edwin eileen elaine eleanor elena
eleni eli elisabeth elizabeth ellen elsa emil emilia emilie emily emma emmanuel enrique eric erica erik
erika ernest esteban esther ethan etienne eugene eva evelyn ewa fabian fabio fatima federico felipe felix
fernanda fernando filip fiona florian frances francesca francesco francis francisco francois franz fred
frederic frederick friedrich gabriel gabriela gary gemma geoffrey george georges georgia gerald gerard
gerhard gianluca gilles giorgio giovanni giulia giuseppe gloria gordon graham greg gregory guillaume gunter
gustavo hamza hanna hannah hans harald harold harriet harry hassan heather heidi heinrich helen helena
helene helga henri henrik henry hiroshi holger howard hugo hussein ian ibrahim igor imran ines ingrid irene
iris irina isaac isabel isabella isabelle ivan jack jackson jacob jacqueline jacques jaime jakob jakub james
jamie jan jana jane janet janice jasmine jason javier jean jeanne jeff jeffrey jennifer jeremy jerome
jessica jesus jill jim jin joachim joan joanna joao jochen joe joel johan johann johanna johannes john
johnny jonas jonathan jordan jorge jose josef joseph josephine joshua juan judith julia julian juliana julie
julien jun jurgen justin kai kamal karen karim karin karl karolina kate katarzyna katherine kathleen kathryn
katie katja kavita keith kelly ken kenji kenneth kevin khalid kim klaus krishna kristen kristina krzysztof
kumar kyle lars laura lauren laurence laurent lawrence lea leah lee leila lena leo leon leonardo leonie
leslie li lin linda lisa liu loic lorenzo louis louise luc luca lucas lucia lucy ludwig luigi luis luisa
lukas luke lydia magdalena malgorzata manfred manish manoj manuel manuela marc marcel marcin marco marcos
marcus margaret maria marian mariam marie marina mario marion markus marta martha martin martina mary maryam
massimo mateusz mathieu matteo matthew matthias maureen maurice maxim maximilian megan mehdi mei mehmet
melanie melissa mercedes mia michael michal michel michele michelle miguel mikhail ming mohamed mohammad
mohammed mohit monica monika monique muhammad murat mustafa nadia naomi natalia natalie natasha nathalie
nathan neha neil nicholas nick nicola nicolas nicole nikhil nikolai nina noah nora norbert norman olaf oleg
olga oliver olivia omar oscar osman otto pablo pamela paola paolo pascal patricia patrick paul paula pauline
pavel pedro peggy peter petra philip philipp philippe phillip pierre piotr pooja priya rachel rafael rahul
raj rajesh ralf ralph ramon rania raphael raul raymond rebecca regina reinhard rekha renata renate rene
ricardo richard rita robert roberta roberto robin rodrigo roger roland rolf roman ronald ronan rosa rosemary
ross roxana roy rudolf russell ruth ryan sabine sabrina said salma sam samantha samir samuel sandeep sandra
sanjay santiago sara sarah saskia scott sean sebastian sergei sergey sergio shannon sharon sheila shirley
silvia simon simone sofia sonia sophia sophie stacy stanislav stefan stefania stefanie stephan stephane
stephanie stephen steve steven stuart sunil suresh susan susanna susanne suzanne sven svetlana sylvia sylvie
takeshi tamara tania tanja tanya tara tatiana ted teresa terry thabo theo theodore theresa thierry thomas
tiffany tim timothy tina tobias todd tom tomas tomasz tony tracy ulrich ulrike ursula uwe valentina valerie
vanessa vera veronica veronika vicente victoria vijay vikram vincent vincenzo virginia vivian vladimir
walter wanda wei wendy werner wilhelm william wolfgang xavier xiao yan yang yasmin yolanda yong yuki yuri
yusuf yves yvonne zainab zhang zhao zoe
"""

_SURNAMES = """
adams ahmed alexander ali allen almeida alonso alvarez anderson andrews armstrong arnold bailey baker
barbieri barnes barnett bauer becker begum bell bennett berg bergmann bernard bianchi blanc bonnet boyd
bradley braun brooks brown bryant burke burns butler campbell carlson carpenter carroll carter castillo chan
chang chapman chavez chen cheng choi chopra clark clarke cohen coleman collins cook cooper costa cox
crawford cruz cunningham davies davis delgado desai diaz dietrich dixon dubois dumont duncan dunn dupont
durand edwards elliott ellis engel evans fernandes fernandez ferrari ferreira fischer fisher fitzgerald
fleming fontana foster fournier fox franke freeman fuchs garcia gardner garnier gibson gomes gomez gonzales
gonzalez graham grant gray green greene griffin gupta gutierrez haas hahn hall hamilton hansen harper harris
harrison hart hartmann hayes henderson henry hernandez herrmann hill hoffman hoffmann holmes horn huang
huber hughes hunt hunter hussain ibrahim ivanov ivanova iyer jackson jacobs jain jansen jenkins jensen
jimenez johansson johnson johnston jones jordan joshi jung kaiser kapoor kaur keller kelly kennedy khan kim
king klein knight koch kohler kowalski kraus krause kumar lambert lang larsen larson laurent lawson lee
lefebvre lehmann leroy lewis li lim lin liu lopez lorenz maier malik marino marshall martin martinez martins
mason matthews mayer mcdonald mehta mendoza meyer miller mills mitchell mohammed moore morales moreau moreno
morgan morris morrison moser mueller muller murphy murray nair nakamura nelson neumann nguyen nielsen novak
nowak obrien oliveira olsen olson ortiz owens palmer park parker patel pereira perez perkins perry peters
petersen peterson petit petrov phillips pierce pietrov popov porter powell ramirez ramos rao reddy reid
reyes reynolds ricci rice richards richardson richter riley rivera roberts robertson robinson rodrigues
rodriguez rogers romano romero rossi roth rousseau roux russell russo ruiz ryan sanchez sanders santos sato
schmid schmidt schmitt schmitz schneider scholz schroder schubert schulz schwarz scott sharma shaw silva
simmons simon simpson singh smirnov smith snyder sokolov sousa spencer stein stephens stevens stewart
sullivan suzuki takahashi tanaka taylor thomas thompson torres tran tucker turner vargas vasquez vogel
volkov wagner walker wallace walsh wang ward warren watanabe watson weaver weber webb weiss welch wells
werner west wheeler white williams williamson wilson winkler winter wolf wong wood woods wright wu yamamoto
yang yilmaz young zhang zhao zhou zimmermann zhu
"""

# Given names that are words of the trade or of English: they count only before a known surname.
_AMBIGUOUS = """
april art august bill case cash chance chase christian dale dawn dean don drew eve faith frank grace grant
guy hope jean jordan joy june lance lee mark may miles norm pat penny pierce price ray reed rich rob rod
rose sandy said sterling sue summer van victor ward wade will jan max li lin ming jun jin kai yan yang chen
cheng wei liu zhang zhao eli leo
"""

# Words that stand capitalised in payments questions and are nobody's name.
_NOT_NAMES = """
a about account accounts ach act action address advice after agency agent alert all american amount an and
any api are article as asia asset at audit australia authority automated back bank bankers banking banks
batch before beneficiary bic board book branch brazil britain business by bundesbank bureau buba calendar
call callback can canada cancel cancellation case cash ccy central chaps charge charges check checker chief
china chips claim clearing client close closed code codes commerce commercial compliance confirmation
control correspondent corporate could country cover credit creditor crossing currency customer customers cut
cutoff cutoffs cbpr daily data date day days debit debtor december deadline department deutsche desk did
direct do document does domestic drawdown due duplicate duty ecb emergency england entry error errors
escalation escalate euro europe european exception exceptions expected explain external family fed federal
fedline fednow fedwire fee fees field fields final financial find first for foreign format four fraud friday
from funds gateway general germany give global group guarantee guide guideline hello hi hold holds holiday
hong how if in incoming india indemnity information input inquiry institution instant instruction interbank
intermediary internal international investigation investigations invoice is islands iso it january japan
july kong korea kyc law ledger legal letter level limit limits line list local london luxembourg make maker
manager mandate manual match message messages monday money month my nacha name narrative national network
new night no nordic north nostro not notice notification november number october of off ofac office officer
on only operations operator or order ordering origin originator other our outgoing outward overnight payable
payee payer payment payments pending permission person phone please policy posting private procedure
procedures process processing product profile proof public quality query question queue rail rate real
reason recall receipt receive received receiver receiving recipient reconciliation record reference region
register regulation reject rejected rejection release remittance remitter repair report request require
required requirements reserve response restricted return returned returns reversal review risk role rtgs rtp
rule rules saturday sanction sanctions scheme screening section securities security senior sender september
sepa service services settlement shall should sheet show signature south spain split staff standard standing
state states status step steps stop straight sunday supervisor suspense swift switzerland system systems
table tag target team tell template term the then these third this threshold through thursday ticket time
timeline timing title to today tomorrow trade transaction transactions transfer transfers treasury tuesday
type uetr ultimate unable under union united unstructured until up updated urgent us use user uk usa value
vendor verification verify version via vostro was wednesday week what when where which who why wholesale
wire wires with working year yes york zone fargo stanley morgan
"""

GIVEN_NAMES = frozenset(_GIVEN.split()) | frozenset(_AMBIGUOUS.split())
AMBIGUOUS_NAMES = frozenset(_AMBIGUOUS.split())
SURNAMES = frozenset(_SURNAMES.split())
NOT_NAMES = frozenset(_NOT_NAMES.split())
